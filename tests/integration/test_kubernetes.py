"""deploy/kubernetes fits the schema of its cluster: locked down, closed by default, keys where they belong."""

import json
import re
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from exchange.core.errors import WrongSetting
from exchange.settings import PREFIX, SECRETS, Settings
from exchange.store.rootkey import FileRootKey

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((ROOT / "tests/vectors/kubernetes/v1.34-strict.json").read_text())
FILES = sorted(path for path in FOLDER.iterdir() if path.name != "kustomization.yaml")
OBJECTS: list[dict[str, Any]] = [one for path in FILES for one in yaml.safe_load_all(path.read_text())]
SITES = ("portal", "console")
KEYS = {"exchange-root-key", "exchange-ledger-key"}


def named(kind: str) -> dict[str, dict[str, Any]]:
    """All objects of a kind, by name."""
    return {one["metadata"]["name"]: one for one in OBJECTS if one["kind"] == kind}


PODS: dict[str, dict[str, Any]] = {
    name: one["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for name, one in named(kind).items()
}
CONTAINERS: dict[str, dict[str, Any]] = {
    f"{pod} {one['name']}": one
    for pod, spec in PODS.items()
    for one in chain(spec.get("initContainers", ()), spec["containers"])
}


def environment(pod: str) -> dict[str, str]:
    """What the container of our own in this pod is told."""
    container = CONTAINERS[f"{pod} {pod}"]
    shared = [named("ConfigMap")[one["configMapRef"]["name"]]["data"] for one in container["envFrom"]]
    return dict(chain(*(one.items() for one in shared), ((one["name"], one["value"]) for one in container["env"])))


def secrets_of(pod: str) -> set[str]:
    """The secrets that are mounted anywhere in it."""
    return {one["secret"]["secretName"] for one in PODS[pod]["volumes"] if "secret" in one}


def egress(pod: str) -> list[dict[str, Any]]:
    """Every way out that some policy opens to it."""
    return [
        way
        for policy in named("NetworkPolicy").values()
        if pod in selected(policy)
        for way in policy["spec"].get("egress", ())
    ]


def selected(policy: dict[str, Any]) -> set[str]:
    """The pods that a policy is about."""
    chosen = policy["spec"]["podSelector"]
    if "matchLabels" in chosen:
        return {chosen["matchLabels"]["app.kubernetes.io/component"]}
    if "matchExpressions" in chosen:
        return set(chosen["matchExpressions"][0]["values"])
    return set(PODS)


@pytest.mark.parametrize("number", range(len(OBJECTS)), ids=[f"{o['kind']} {o['metadata']['name']}" for o in OBJECTS])
def test_each_object_fits_the_schema_of_its_kind(number: int) -> None:
    """Strictly: a misspelt field would be dropped in silence."""
    found = OBJECTS[number]
    schema = SCHEMA["kinds"][f"{found['apiVersion']}/{found['kind']}"]
    checked = jsonschema_rs.validator_for({**schema, "$defs": SCHEMA["$defs"]})
    assert [str(error) for error in checked.iter_errors(found)] == []
    assert found["kind"] == "Namespace" or found["metadata"]["namespace"] == "exchange"


def test_a_misspelt_field_is_found() -> None:
    """The schema is strict indeed."""
    schema = SCHEMA["kinds"]["v1/ConfigMap"]
    checked = jsonschema_rs.validator_for({**schema, "$defs": SCHEMA["$defs"]})
    assert not checked.is_valid({"apiVersion": "v1", "kind": "ConfigMap", "date": {}})


def test_what_is_applied_together_is_all_but_secrets_and_the_migration() -> None:
    """The example of the secrets is never applied by accident, and the migration goes before."""
    beside = {"20-secrets.example.yaml", "35-migrate.yaml"}
    assert set(KUSTOMIZATION["resources"]) == {path.name for path in FILES} - beside
    assert set(PODS) == {*SITES, "worker", "migrate"}
    values = chain(*(one["stringData"].values() for one in named("Secret").values()))
    assert set(values) <= {"REPLACE", ""}


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_each_container_is_locked_down(name: str) -> None:
    """Not root, read-only, no capability, no new privilege, the runtime's seccomp profile, a bound on memory."""
    own = CONTAINERS[name]["securityContext"]
    pod = PODS[name.split(maxsplit=1)[0]]
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert own.get("runAsUser", pod["securityContext"]["runAsUser"]) > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert {"requests", "limits"} <= set(CONTAINERS[name]["resources"])
    assert CONTAINERS[name]["resources"]["limits"]["memory"]
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(pod)


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_each_image_is_of_a_fixed_version(name: str) -> None:
    """The same as in the compose file, ours and other people's."""
    image = CONTAINERS[name]["image"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    known = {service["image"] for service in compose.values()}
    assert image.removeprefix("registry.example.org/") in known
    assert image.rpartition(":")[2] not in ("", "latest")


@pytest.mark.parametrize("pod", sorted(PODS))
def test_every_variable_is_a_setting(pod: str) -> None:
    """A misspelt one would be ignored in silence; a secret is a file, never a value; and each file is mounted."""
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    secrets = {PREFIX + field.upper() for field in SECRETS}
    told = environment(pod)
    assert {name if name in known else name.removesuffix("_FILE") for name in told} <= known
    assert not set(told) & secrets
    mounts = [one["mountPath"] for one in CONTAINERS[f"{pod} {pod}"]["volumeMounts"]]
    files = [value for name, value in told.items() if name.endswith(("_FILE", "_SOCKET"))]
    assert [value for value in files if not any(value.startswith(f"{mount}/") for mount in mounts)] == []
    for value in files:
        found = re.fullmatch(r"/run/secrets/([^/]+)/([^/]+)", value)
        assert not found or found[2] in named("Secret")[found[1]]["stringData"]


@pytest.mark.parametrize("pod", sorted(PODS))
def test_the_settings_are_taken(pod: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With some secrets in the files, every process would start with what it is told here."""
    for name, value in environment(pod).items():
        if name.removesuffix("_FILE").removeprefix(PREFIX).lower() in SECRETS:
            (tmp_path / name).write_text("postgresql://made-up" if "URL" in name else "made-up")
            value = str(tmp_path / name)  # noqa: PLW2901  # where the secret lies here
        monkeypatch.setenv(name, value)
    loaded = Settings.load_portal() if pod == "portal" else Settings.load()
    assert loaded.database_url is not None or pod == "migrate"
    assert loaded.objects == "s3"


def test_the_portal_gets_no_key() -> None:
    """Neither mounted nor named, and it uses a database role and store credentials of its own."""
    assert secrets_of("portal") == {"exchange-portal", "exchange-portal-objects"}
    assert not [name for name in environment("portal") if "ROOT_KEY" in name or "LEDGER_KEY" in name]
    assert secrets_of("console") & KEYS == {"exchange-root-key"}
    assert [pod for pod in PODS if "exchange-owner" in secrets_of(pod)] == ["migrate"]
    assert [pod for pod in PODS if "exchange-ledger-key" in secrets_of(pod)] == ["worker"]


@pytest.mark.parametrize("pod", ["console", "worker"])
def test_key_files_are_as_the_service_demands_them(pod: str, tmp_path: Path) -> None:
    """Mounted secrets are readable by a group, and such a key is refused: the command that copies them is run here."""
    (command,) = [one["command"] for one in PODS[pod]["initContainers"] if one["name"] == "keys"]
    kept = next(one for one in PODS[pod]["volumes"] if one["name"] == "keys")
    assert kept["emptyDir"]["medium"] == "Memory"
    mounted, copied = tmp_path / "exchange-root-key", tmp_path / "keys"
    copied.mkdir()
    mounted.mkdir()
    FileRootKey.create(mounted / "root.key")
    (tmp_path / "exchange-ledger-key").mkdir()
    (tmp_path / "exchange-ledger-key" / "ledger.key").touch()
    (mounted / "root.key").chmod(0o440)
    with pytest.raises(WrongSetting):
        FileRootKey(mounted / "root.key")
    line = command[2].replace("/run/secrets", str(tmp_path)).replace("/keys/", f"{copied}/")
    subprocess.run([*command[:2], line], check=True)
    FileRootKey(copied / "root.key")
    assert environment(pod)["EXCHANGE_ROOT_KEY_FILE"] == "/keys/root.key"


def test_the_network_is_closed_by_default() -> None:
    """One policy selects every pod, in both directions, and opens nothing."""
    assert named("NetworkPolicy")["closed"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_portal_has_no_way_to_the_keys_or_out() -> None:
    """It reaches names, the database and the objects, and nothing else."""
    portal = json.dumps(egress("portal"))
    assert "exchange-keys" in json.dumps(egress("console"))
    assert "exchange-keys" not in portal
    assert "ipBlock" not in portal
    assert {port["port"] for way in egress("portal") for port in way["ports"]} == {53, 5432, 8333}
    assert [pod for pod in PODS if "ipBlock" in json.dumps(egress(pod))] == ["worker"]


@pytest.mark.parametrize("pod", [*SITES, "worker"])
def test_a_pod_is_given_the_time_that_it_takes_to_end(pod: str) -> None:
    """Notice and patience together, and some for clearing up; else the cluster kills what was promised to go on."""
    told = environment(pod)
    notice = float(told["EXCHANGE_SHUTDOWN_NOTICE_SECONDS"]) if pod in SITES else 0.0
    needed = notice + float(told["EXCHANGE_SHUTDOWN_SECONDS"])
    assert PODS[pod]["terminationGracePeriodSeconds"] >= needed + 5
    spec = named("Deployment")[pod]["spec"]
    assert spec["replicas"] >= 2
    assert named("PodDisruptionBudget")[pod]["spec"]["minAvailable"] < spec["replicas"]


@pytest.mark.parametrize("pod", SITES)
def test_a_site_says_when_it_is_ready_and_its_service_finds_it(pod: str) -> None:
    """`/readyz` takes it out before it ends; `/healthz` alone restarts it, so that a database that is away does not."""
    container = CONTAINERS[f"{pod} {pod}"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    notice = float(environment(pod)["EXCHANGE_SHUTDOWN_NOTICE_SECONDS"])
    probe = container["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"] <= notice
    labels = named("Deployment")[pod]["spec"]["template"]["metadata"]["labels"]
    assert named("Service")[pod]["spec"]["selector"].items() <= labels.items()
    ports = {one["name"] for one in container["ports"]}
    assert {one["targetPort"] for one in named("Service")[pod]["spec"]["ports"]} <= ports


@pytest.mark.parametrize("site", SITES)
def test_the_ingress_never_writes_a_body(site: str) -> None:
    """No limit, no buffer, no log; the one who buffers uploads has them on disk in the clear."""
    ingress = named("Ingress")[site]
    told = ingress["metadata"]["annotations"]
    assert told["nginx.org/client-max-body-size"] == "0"
    assert told["nginx.org/proxy-buffering"] == "False"
    assert told["nginx.org/proxy-max-temp-file-size"] == "0"
    assert "proxy_request_buffering off;" in told["nginx.org/location-snippets"]
    assert "access_log off;" in told["nginx.org/server-snippets"]
    assert ("deny all;" in told["nginx.org/server-snippets"]) == (site == "console")
    (rule,) = ingress["spec"]["rules"]
    assert environment(site)[f"EXCHANGE_{site.upper()}_URL"] == f"https://{rule['host']}"
    assert ingress["spec"]["tls"][0]["secretName"] in named("Secret")

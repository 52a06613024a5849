"""docker-compose.yml fits its schema and keeps the house rules; the proxy never buffers a body."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from bench.capacity import CONNECTIONS_LEFT, CONNECTIONS_OF_SITE, CONNECTIONS_OF_WORKER
from exchange.settings import PREFIX, SECRETS, Settings

ROOT = Path(__file__).parents[2]
OURS = ("portal", "console", "worker")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_fits_the_compose_specification() -> None:
    """Checked against the specification's own schema."""
    schema = json.loads((ROOT / "tests/vectors/compose/compose-spec.json").read_text())
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(COMPOSE)] == []


def test_every_part_is_there() -> None:
    """PostgreSQL, S3 server, scanner, our three processes and the TLS proxy."""
    assert {"database", "objects", "clamd", "proxy", "migrate", "backup", *OURS} == set(SERVICES)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_container_is_locked_down(name: str) -> None:
    """Not root, read-only, no capability, no new privilege, a fixed version."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["user"].split(":")[0] not in ("0", "root", "")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["image"].rpartition(":")[2] not in ("", "latest")


@pytest.mark.parametrize("name", OURS)
def test_each_process_is_given_the_time_that_it_takes_to_end(name: str) -> None:
    """What runs may go on for so long; a container engine kills after ten seconds where nobody says otherwise."""
    told = SERVICES[name]["environment"]
    fields = ("shutdown_notice_seconds", "shutdown_seconds")
    needed = [float(told.get(PREFIX + one.upper(), Settings.model_fields[one].default)) for one in fields]
    assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= sum(needed) + 5


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "backup"}))
def test_each_lasting_container_has_a_health_check(name: str) -> None:
    """`migrate` and `backup` end by themselves; all others say whether they are well."""
    assert SERVICES[name]["healthcheck"]["test"]


def test_the_database_lets_all_processes_in() -> None:
    """PostgreSQL's own hundred connections are too few for a portal, a console and two workers at their busiest."""
    (allowed,) = re.findall(r"max_connections=(\d+)", " ".join(SERVICES["database"]["command"]))
    workers = int(SERVICES["worker"]["deploy"]["replicas"])
    needed = 2 * CONNECTIONS_OF_SITE + workers * CONNECTIONS_OF_WORKER + CONNECTIONS_LEFT
    assert int(allowed) >= needed


def test_the_portal_gets_no_key() -> None:
    """Neither as a secret nor as a setting; and it uses a database role of its own."""
    portal = SERVICES["portal"]
    assert not {"root_key", "ledger_key", "database_url"} & set(portal["secrets"])
    assert not [name for name in portal["environment"] if "ROOT_KEY" in name or "LEDGER_KEY" in name]


def test_the_portal_reaches_the_store_as_a_user_of_its_own() -> None:
    """Never with the others' key; and its prefixes are those of the policy for servers that know policies."""
    portal = SERVICES["portal"]
    assert not {"s3_access_key", "s3_secret_key"} & set(portal["secrets"])
    for name in ("ACCESS", "SECRET"):
        own = f"portal_s3_{name.lower()}_key"
        assert portal["environment"][f"EXCHANGE_S3_{name}_KEY_FILE"] == f"/run/secrets/{own}"
        assert own in COMPOSE["secrets"]
        assert not [other for other in SERVICES if other != "portal" and own in SERVICES[other].get("secrets", [])]
    policy = json.loads((ROOT / "deploy/portal-bucket-policy.json").read_text())
    users = json.loads((ROOT / "deploy/s3_config.example.json").read_text())["identities"]
    (actions,) = [user["actions"] for user in users if user["name"] == "portal"]
    wanted = {"List:exchange"}
    for statement in policy["Statement"]:
        found = {"ReadSealedObjects": "Read", "WriteWhatArrives": "Write"}.get(statement["Sid"])
        wanted |= {f"{found}:{one.removeprefix('arn:aws:s3:::')}" for one in statement["Resource"] if found}
    assert set(actions) == wanted


def test_only_the_proxy_is_reachable_from_outside() -> None:
    """One container publishes ports; the data network leads nowhere; portal and console share only that."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    shared = set(SERVICES["portal"]["networks"]) & set(SERVICES["console"]["networks"])
    assert shared == {"data"}


@pytest.mark.parametrize("name", ["console", "worker"])
def test_whoever_opens_content_has_a_scratch_in_memory(name: str) -> None:
    """Print packs on the console, everything else in the worker: it goes with the container, and no disk sees it."""
    scratch = SERVICES[name]["environment"]["EXCHANGE_SCRATCH"]
    (mounted,) = [place for place in SERVICES[name]["tmpfs"] if place.startswith(f"{scratch}:")]
    assert {"uid=10001", "mode=0700", "noexec"} <= set(mounted.partition(":")[2].split(","))


@pytest.mark.parametrize("name", [*OURS, "migrate", "backup"])
def test_every_variable_is_a_setting(name: str) -> None:
    """A misspelt variable would be ignored in silence; a secret is never written into the file."""
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    secrets = {PREFIX + field.upper() for field in SECRETS}
    variables = set(SERVICES[name]["environment"])
    assert {variable.removesuffix("_FILE") if variable not in known else variable for variable in variables} <= known
    assert not variables & secrets


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_secret_and_volume_is_declared(name: str) -> None:
    """What a container asks for exists under that name."""
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    named = {
        str(volume).split(":")[0] for volume in service.get("volumes", []) if not str(volume).startswith((".", "$"))
    }
    assert named <= set(COMPOSE["volumes"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])


@pytest.mark.parametrize(
    "directive",
    [
        "proxy_request_buffering off;",
        "proxy_buffering off;",
        "proxy_max_temp_file_size 0;",
        "access_log off;",
    ],
)
def test_nginx_never_writes_a_body(directive: str) -> None:
    """nginx's defaults would put uploads on disk in the clear; no place turns them back on."""
    lines = [line.strip() for line in (ROOT / "deploy/nginx.conf").read_text().splitlines()]
    name = directive.partition(" ")[0]
    assert [line for line in lines if line.startswith(name + " ")] == [directive]

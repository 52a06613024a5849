"""docs/operating.md, as somebody at a charity reads it: what it names exists, and no setting is left out."""

import importlib.util
import re
from pathlib import Path

import yaml

from exchange.settings import PREFIX, SECRETS, Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields} | {
    f"{PREFIX}{name.upper()}_FILE" for name in SECRETS
}  # fmt: skip
INSIDE = {"EXCHANGE_DEMO", "EXCHANGE_MIRRORED_LANGUAGE", "EXCHANGE_ROOT_KEY_FILE", "EXCHANGE_LEDGER_KEY_FILE"}
"""Of the demonstration and tests; the two files are settings themselves."""


def told() -> set[str]:
    """Every variable that is named, those that are shortened (`EXCHANGE_PORTAL_HOST`, `_PORT`) as all they can mean."""
    found = set(re.findall(r"\bEXCHANGE_[A-Z0-9_]*[A-Z0-9]", TEXT))
    for line in TEXT.splitlines():
        full = re.findall(r"`(EXCHANGE_[A-Z0-9_]+)`", line)
        words = [name.split("_") for name in full]
        for short in re.findall(r"`(_[A-Z0-9_]+)`", line):
            found |= {"_".join(parts[:upto]) + short for parts in words for upto in range(1, len(parts) + 1)}
    return found


def test_every_variable_that_is_named_is_a_setting() -> None:
    """A misspelt one would be set in vain."""
    named = set(re.findall(r"\bEXCHANGE_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_…*])", TEXT))
    families = {name for name in named if any(one.startswith(f"{name}_") for one in KNOWN)}
    assert sorted(named - KNOWN - families) == []


def test_every_setting_is_told_of() -> None:
    """Nobody should have to read the source to learn what can be set."""
    assert sorted(KNOWN - told() - INSIDE - {name for name in KNOWN if name.endswith("_FILE")}) == []


def test_every_file_that_is_named_is_there() -> None:
    """What is to be copied, mounted or applied."""
    named = set(re.findall(r"\b(?:deploy|tools|docs)/[\w@./-]*\w", TEXT)) - {"deploy/secrets"}
    assert len(named) > 8
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_program_that_is_named_is_there() -> None:
    """`python -m …`."""
    named = set(re.findall(r"python3? -m ([\w.]+\w)", TEXT))
    assert {"bench.capacity", "bench.load"} <= named
    assert sorted(name for name in named if importlib.util.find_spec(name) is None) == []


def test_every_unit_that_is_enabled_is_there() -> None:
    """`exchange@portal` is an instance of `exchange@.service`."""
    there = {path.name for path in (ROOT / "deploy" / "systemd").iterdir()}
    (line,) = re.findall(r"`systemctl enable --now ([^`]+)`", TEXT)
    for unit in line.split():
        name = re.sub(r"@.*", "@", unit)
        assert {name, f"{name}.service"} & there, unit


def test_every_container_that_is_named_is_in_the_compose_file() -> None:
    """`docker compose run … init` and the others."""
    services = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])
    lines = re.findall(r"docker compose ((?:[^`\n\\]|\\\n)+)", TEXT)
    named = {word for line in lines for word in re.findall(r"\b(?:exec|detach) ([a-z]+)", line)}
    run = {word for line in lines if line.startswith("run") for word in line.split()}
    named |= run & {"migrate", "backup"}
    assert named
    assert named <= services


def test_every_object_that_kubectl_is_told_of_is_in_the_manifests() -> None:
    """Jobs, deployments and secrets by their names."""
    texts = [path.read_text() for path in sorted((ROOT / "deploy" / "kubernetes").glob("[0-9]*.yaml"))]
    there = {(one["kind"], one["metadata"]["name"]) for text in texts for one in yaml.safe_load_all(text)}
    named = {("Job", name) for name in re.findall(r"job[/ ]([a-z]+)", TEXT) if name == "migrate"}
    named |= {("Deployment", name) for name in re.findall(r"deployment/([a-z]+)", TEXT)}
    named |= {("Secret", name) for name in re.findall(r"secret generic ([a-z-]+)", TEXT)}
    assert len(named) == 3
    assert named <= there

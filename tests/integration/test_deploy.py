"""What is in deploy/ fits what is in the code: every metric, command, setting and unit that it names exists."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from typer.main import get_command

import exchange.steps.figures
import exchange.steps.signing
import exchange.web.frame.figures
from exchange.cli import app
from exchange.settings import PREFIX, Settings
from exchange.steps import figures
from exchange.store.queue import defer
from exchange.store.service import Service
from exchange.store.unit import reading

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ALERTS: dict[str, Any] = yaml.safe_load((DEPLOY / "monitoring/alerts.yml").read_text())
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "monitoring/dashboard.json").read_text())
OURS = re.compile(r"\b(?:exchange|process)_[a-z_]+")
UNITS = sorted((DEPLOY / "systemd").iterdir())
assert exchange.steps.signing
assert exchange.web.frame.figures


def known() -> set[str]:
    """Every sample name that a process of ours can give."""
    found = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
    for metric in REGISTRY.collect():
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
        found |= {metric.name + ending for ending in endings}
    return found


def expressions() -> dict[str, str]:
    """By what they belong to: alerts and panels."""
    rules = {rule["alert"]: rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]}
    panels = {f"{panel['title']} {target['refId']}": target["expr"]
              for panel in DASHBOARD["panels"] for target in panel["targets"]}  # fmt: skip
    return rules | panels


@pytest.mark.parametrize("about", sorted(expressions()))
def test_every_metric_that_is_named_exists(about: str) -> None:
    """A misspelt one would never fire, and nobody would know."""
    named = set(OURS.findall(expressions()[about]))
    assert named <= known()
    assert named or "up{" in expressions()[about]


def test_every_figure_of_ours_is_shown_or_watched() -> None:
    """None is kept for nobody."""
    named = {name for text in expressions().values() for name in OURS.findall(text)}
    mine = {name for name in known() if name.startswith("exchange_") and not name.endswith(("_sum", "_count"))}
    assert mine <= named


def test_every_alert_says_what_to_do() -> None:
    """In words, and how urgent it is."""
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert {rule["labels"]["severity"] for rule in rules} <= {"page", "ticket"}
    assert all(rule["annotations"]["summary"] and rule["annotations"]["mend"] for rule in rules)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(places) == len(set(places))


async def test_the_figures_are_those_of_the_database(service: Service) -> None:
    """A job that waits is counted, and how long; nothing is in quarantine."""
    async with reading(service) as conn:
        await defer(conn, "reap")
    await figures.look(service)
    assert REGISTRY.get_sample_value("exchange_jobs", {"status": "todo"}) == 1
    assert REGISTRY.get_sample_value("exchange_jobs", {"status": "failed"}) == 0
    assert 0 <= (REGISTRY.get_sample_value("exchange_oldest_job_seconds") or 0) < 60
    assert REGISTRY.get_sample_value("exchange_quarantined_messages") == 0
    assert REGISTRY.get_sample_value("exchange_backup_timestamp_seconds") == 0


@pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
def test_each_unit_runs_a_command_that_there_is(unit: Path, tmp_path: Path) -> None:
    """And systemd itself finds nothing wrong in it, where it is here to ask."""
    text = unit.read_text()
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]  # a group of commands
    for started in re.findall(r"^ExecStart=/srv/exchange/.venv/bin/exchange (\S+)", text, re.MULTILINE):
        assert ({"portal", "console", "worker"} if started == "%i" else {started}) <= commands
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    named = {name.removesuffix("_FILE") for name in re.findall(r"EXCHANGE_[A-Z0-9_]+", text)}
    assert named <= settings | {name.removesuffix("_FILE") for name in settings}
    if "exchange serve" in text or "exchange %i" in text:
        (patience,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
        assert int(patience) >= seconds_to_end() + 5
    if unit.suffix == ".service":
        assert {"User=exchange", "UMask=0077", "ProtectSystem=strict", "NoNewPrivileges=yes"} <= set(text.split("\n"))
    if shutil.which("systemd-analyze"):
        assert verified(unit, tmp_path) == ""


def seconds_to_end() -> float:
    """What a process takes at most to end, as it is set where nobody set anything."""
    fields = Settings.model_fields
    return float(fields["shutdown_notice_seconds"].default + fields["shutdown_seconds"].default)


def verified(unit: Path, folder: Path) -> str:
    """What `systemd-analyze verify` says of a copy that starts a program of this machine, as somebody who is here."""
    for each in UNITS:
        text = each.read_text().replace("/srv/exchange/.venv/bin/exchange", "/bin/true")
        text = text.replace("User=exchange", "User=root").replace("WorkingDirectory=/srv/exchange", "")
        (folder / each.name).write_text(text)
    name = unit.name.replace("@.", "@portal.")
    (folder / name).write_text((folder / unit.name).read_text())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(folder / name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "\n".join(line for line in done.stderr.split("\n") if str(folder) in line or name in line)

"""Schemathesis against the running API: no fault, and no status that is not described."""

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from exchange.core.model import Channel
from exchange.steps import concern, release
from exchange.store.service import Service
from tests.support.api import running_api
from tests.support.world import make_world

SECONDS = 40
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.slow
async def test_no_fault_and_no_undescribed_status(service: Service, tmp_path: Path) -> None:
    """At most five requests per operation by a facilitator with a fresh step-up, on a case with messages."""
    world = await make_world(service)
    message, link = await world.released()
    shown = await release.release_by_link(service, world.facilitator, message, channel=Channel.POST)
    stopped = await world.letter()
    raised = await concern.raise_concern(service, world.facilitator, stopped, kind="other", note="Look.")
    ids = {"case": world.case, "participant": world.author, "message": await world.letter(), "link": shown.id}
    ids |= {"concern": raised, "account": uuid4(), "token": uuid4(), "session": link.id}
    async with running_api(service) as api:
        caller = await api.as_(world.facilitator, stepped_up=True)
        report = tmp_path / "report.ndjson"
        config = tmp_path / "schemathesis.toml"
        config.write_text(config_with(ids))
        options = f"--checks {CHECKS} --max-examples 5 --max-time {SECONDS} --phases examples,coverage,fuzzing"
        options += " --generation-deterministic --no-shrink --continue-on-failure --warnings off --no-color"
        options += f" --report ndjson --report-ndjson-path {report}"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", *options.split(),
            "-H", f"Authorization: Bearer {caller.token}", f"{caller.url}/api/v1/openapi.json",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(process.communicate(), SECONDS + 60)
        assert process.returncode == 0, said.decode()[-8000:]
        assert (await caller.get("/me"))["id"] == str(world.facilitator.id)
    assert report.stat().st_size > 0


def config_with(ids: dict[str, UUID]) -> str:
    """Ids that exist, so that requests reach the steps."""
    lines = [f'"path.{name}" = {json.dumps(str(value))}' for name, value in ids.items()]
    return "\n".join(["[parameters]", *lines, ""])

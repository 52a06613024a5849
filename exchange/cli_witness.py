"""`exchange audit witness` and `witness-key`: what a second organisation runs, without anything of the service.

Its state file is the last checkpoint that it cosigned, under its own cosignature: a changed one is refused.
"""

import fcntl
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from exchange.cli_words import read_text, stop, why
from exchange.core.cosign import Cosigner, Kind, moment
from exchange.core.errors import BadInput, ExchangeError
from exchange.core.notes import BadNote, Checkpoint, Opened, Verifier, open_note
from exchange.core.witness import Forked, RolledBack, Submission, judge

KINDS = {"ml-dsa-44": Kind.ML_DSA_44, "ed25519": Kind.ED25519}
TIMEOUT_SECONDS = 30
LARGEST = 200_000

_KeyFiles = Annotated[list[Path], typer.Option("--key", help="The witness's secret key file; several may be given.")]
_Log = Annotated[str, typer.Option("--log", help="The verification key of the record, from its printed sheet.")]


def witness_key(
    name: Annotated[str, typer.Argument(help="Who witnesses, such as witness.example.org/w1.")],
    key: Annotated[Path, typer.Option("--key", help="Where to write the secret key; must not exist.")],
    kind: Annotated[str, typer.Option(help="ml-dsa-44 (withstands quantum computers) or ed25519.")] = "ml-dsa-44",
) -> None:
    """Make the key of a witness; prints its public line, which auditors and the service need.

    Example: exchange audit witness-key witness.example.org/w1 --key witness.key
    """
    if kind not in KINDS:
        stop("There is no such kind of key. Use ml-dsa-44 or ed25519.")
    try:
        made = Cosigner.generate(name, KINDS[kind])
        handle = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(made.skey + "\n")
    except FileExistsError:
        stop("There is a file of this name already. It was left as it is.")
    except (OSError, UnicodeError, ExchangeError) as error:
        stop(f"No key was made: {why(error)}")
    typer.echo(made.key.vkey)


def witness(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A file, or an address such as https://…/api/v1/record.")
    ],
    key: _KeyFiles,
    log: _Log,
    state: Annotated[Path, typer.Option(help="What was cosigned last; made at the first time.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the cosignature; else it is printed.")] = None,
    token: Annotated[Path | None, typer.Option(help="A file with the token for the address.")] = None,
    back: Annotated[bool, typer.Option("--back", help="Also hand the cosignature back to the address.")] = False,
) -> None:
    """Cosign the newest checkpoint if it only adds to the last one cosigned; refuse a fork or a rollback.

    Exit codes: 0 cosigned, 1 refused, 2 the check could not be made. A submission that was refused as forked or
    rolled back is kept beside the state, for it may prove that the record was rewritten.

    Example: exchange audit witness submission.txt --key witness.key --log "$(cat log.vkey)" --state last.note
    """
    try:
        signers, verifier = [_signer(path) for path in key], Verifier.from_vkey(log)
        with _alone(state):
            last = _last(state, signers, verifier)
            bearer = token.read_text(encoding="ascii").strip() if token else ""
            submitted = _get(source, last.size if last else 0, bearer)
            lines = _cosign(submitted, signers, verifier, last, state)
        if out:
            out.write_text(lines, encoding="utf-8")
        if back:
            _post(source, lines, Submission.parse(submitted), verifier, bearer)
    except (OSError, UnicodeError, ExchangeError) as error:
        stop(f"Nothing was cosigned: {why(error)}")
    if not out:
        typer.echo(lines, nl=False)


def _cosign(submitted: str, signers: list[Cosigner], log: Verifier, last: Checkpoint | None, state: Path) -> str:
    """The cosignature lines, once the new state is on disk."""
    try:
        opened = judge(Submission.parse(submitted), log, last)
    except (RolledBack, Forked) as error:
        evidence = state.with_name(f"{state.name}.refused-{int(time.time())}")
        evidence.write_text(submitted, encoding="utf-8")
        stop(f"{error} What was shown is kept in {evidence}: show it to the auditor.", 1)
    except BadNote as error:
        stop(str(error), 1)
    at = int(time.time())
    lines = "".join(signer.cosign(opened, at) for signer in signers)
    _keep(state, _by(opened, log).note + lines)
    typer.echo(f"Cosigned: {opened.checkpoint.size} entries of {log.name}, at {moment(at)}.", err=True)
    return lines


def _by(opened: Opened, log: Verifier) -> Opened:
    """The note with the log's own signatures only."""
    mine = tuple((name, data) for name, data in opened.signatures if (name, data[:4]) == (log.name, log.key_id))
    return Opened(opened.text, opened.checkpoint, mine)


def _last(state: Path, signers: list[Cosigner], log: Verifier) -> Checkpoint | None:
    """What was cosigned last: signed by the log and by one of these keys. Raises BadNote."""
    with suppress(FileNotFoundError):
        opened = open_note(read_text(state), log)
        if not any(signer.key.times(opened) for signer in signers):
            raise BadNote("The state file is not under this witness's own cosignature.")
        return opened.checkpoint
    return None


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """One witness at a time over one state: what is checked must still hold when it is written."""
    with state.with_name(state.name + ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _keep(state: Path, note: str) -> None:
    """Whole or not at all, and on disk before anything is handed out."""
    draft = state.with_name(state.name + ".new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(state)


def _signer(path: Path) -> Cosigner:
    return Cosigner.from_skey(read_text(path))


def _get(source: str, old: int, bearer: str) -> str:
    """The submission from a file, or from an address that is asked for a proof from size `old`."""
    if "://" not in source:
        return read_text(Path(source))
    return _asked(_request(f"{source}/consistency?old={old}", bearer))


def _post(source: str, lines: str, submitted: Submission, log: Verifier, bearer: str) -> None:
    size = open_note(submitted.note, log).checkpoint.size
    _asked(_request(f"{source}/cosignatures", bearer, json.dumps({"size": size, "lines": lines}).encode()))


def _request(address: str, bearer: str, body: bytes | None = None) -> urllib.request.Request:
    if not address.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise BadInput("The address must begin with https://")
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return urllib.request.Request(address, data=body, headers=headers)  # noqa: S310  # https, or this machine


def _asked(request: urllib.request.Request) -> str:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # see _request
            return str(answer.read(LARGEST + 1)[:LARGEST].decode())
    except urllib.error.HTTPError as error:
        error.close()
        raise BadInput(f"The service answered {error.code} and not what was asked for.") from None
    except urllib.error.URLError as error:
        raise BadInput("The service cannot be reached.") from error

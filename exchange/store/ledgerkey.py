"""The file with the key that signs the record's checkpoints: one skey line, mode 0600, the worker's alone.

Made once by `exchange init` or the demo. Its name is the origin of the record, such as
`console.example.org/record`; its public half (`vkey`) stands on the recovery sheet.
"""

import os
import stat
from pathlib import Path

from exchange.core.errors import WrongSetting
from exchange.core.notes import BadKey, KeySigner, Verifier

RECORD = "record"


def origin_of(address: str) -> str:
    """The name of the record of a service at this address: its host, a slash, `record`."""
    host = address.partition("://")[2].partition("/")[0] or "exchange"
    return f"{host}/{RECORD}"


def create_signer(path: Path, name: str) -> KeySigner:
    """Make the file, never over another one. Raises WrongSetting, BadKey for an unusable name."""
    signer = KeySigner.generate(name)
    keep_signer(path, signer.skey + "\n")
    return signer


def keep_signer(path: Path, text: str) -> None:
    """Write the file, never over another one. Raises WrongSetting."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise WrongSetting("There is a ledger key file already. It was left as it is.") from error
    except OSError as error:
        raise WrongSetting(f"The ledger key file cannot be made ({error.strerror}).") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        os.fchmod(handle, 0o600)
        file.write(text)
        file.flush()
        os.fsync(handle)


def verifier_in(text: str) -> Verifier:
    """The public half of a key file's text. Raises WrongSetting."""
    try:
        return KeySigner.from_skey(text).verifier
    except BadKey as error:
        raise WrongSetting("The ledger key in this backup is damaged.") from error


def load_signer(path: Path) -> KeySigner:
    """The signing key. Raises WrongSetting with a sentence that says what to do."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            line = file.read(2048).decode("ascii", "replace")
    except OSError as error:
        raise WrongSetting(f"The ledger key file cannot be read ({error.strerror}). Run: exchange init") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise WrongSetting("The ledger key file can be read by others. Run: chmod 600 on it, then start again.")
    try:
        return KeySigner.from_skey(line)
    except BadKey as error:
        raise WrongSetting("The ledger key file is damaged. Restore it from the backup.") from error

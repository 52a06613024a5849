"""The token of SoftHSM 2 (Debian: softhsm2) of a test process, in a folder of its own."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "2468-1357"  # of a token that exists in tests only


def has_softhsm() -> bool:
    """True where the module and its tool are installed."""
    return MODULE.exists() and shutil.which("softhsm2-util") is not None


@dataclass(frozen=True)
class Token:
    """What a process needs to use it."""

    label: str
    pin: str = field(default=PIN, repr=False)


@cache
def _made(folder: Path) -> Token:
    (folder / "tokens").mkdir(mode=0o700)
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(conf)
    command = ["softhsm2-util", "--init-token", "--free", "--label", "test", "--so-pin", "99887766", "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    return Token("test")


_folders: list[Path] = []


def the_token(folder: Callable[[], Path]) -> Token:
    """The one token of this test process: the module looks for its tokens once, when it is loaded."""
    if not _folders:
        _folders.append(folder())
    return _made(_folders[0])

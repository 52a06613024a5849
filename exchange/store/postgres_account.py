"""How PostgreSQL, which refuses to be root, runs when we are: in a namespace, else as another account."""

import functools
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from exchange.core.errors import WrongSetting

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107  # sun_path of unix(7), less its NUL
PREFERRED = ("nobody", "daemon")


def as_ordinary_account(command: list[str], *, owns: Path) -> list[str]:
    """`command` so that it neither runs as root nor without a name; `owns` is the folder it must own.

    As an ordinary account: unchanged. As root: in a user namespace where root's files are that account's.
    Where the kernel forbids those (containers): as that account, which may pass through root's folders
    (CAP_DAC_OVERRIDE only), and `owns`, which we made, is handed to it.
    """
    if os.geteuid() != 0 and _named(os.geteuid()):
        return command
    account = _account()
    enter = _namespace(account)
    if subprocess.run([*enter, "true"], capture_output=True, check=False).returncode == 0:
        return [*enter, *command]
    if os.geteuid() != 0:
        raise WrongSetting("This account has no name in /etc/passwd. Give it one, or set EXCHANGE_DATABASE_URL.")
    _hand_over(owns, account)
    return [*_stepped_down(account), *command]


def socket_folder(folder: Path) -> Path:
    """`folder` where a socket's path fits in it, else a private folder of ours in the temporary folder."""
    if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"exchange-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise WrongSetting(f"{short} belongs to somebody else. Choose a data folder with a shorter path.")
    return short


@functools.cache
def _account() -> pwd.struct_passwd:
    everybody = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in PREFERRED:
        if name in everybody:
            return everybody[name]
    if not everybody:
        raise WrongSetting("PostgreSQL needs an account besides root. Add one, or set EXCHANGE_DATABASE_URL.")
    return next(iter(everybody.values()))


def _named(uid: int) -> bool:
    return any(entry.pw_uid == uid for entry in pwd.getpwall())


def _namespace(account: pwd.struct_passwd) -> list[str]:
    if not shutil.which("unshare") or not shutil.which("setpriv"):
        raise WrongSetting("The commands unshare and setpriv are missing. Install the package util-linux.")
    return ["unshare", "--user", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}", "--"]


def _stepped_down(account: pwd.struct_passwd) -> list[str]:
    who = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *who, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]


def _hand_over(folder: Path, account: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)

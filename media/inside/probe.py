"""Says "confined" if this process cannot do what it must not. Run once per provider before it is trusted."""

import socket
import sys
from pathlib import Path


def _can_read(path: str) -> bool:
    try:
        with Path(path).open("rb"):
            return True
    except OSError:
        return False


def _can_connect() -> bool:
    """Any answer but a refusal by the sandbox would mean that the network is there."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM):
            pass
    except PermissionError:
        return False
    return Path("/sys/class/net").exists() or sorted(n for _, n in socket.if_nameindex()) != ["lo"]


def _can_write_own() -> bool:
    return Path("own").write_bytes(b"x") == 1


if __name__ == "__main__":
    canary = sys.argv[1]
    if not _can_read(canary) and not _can_read("/etc/passwd") and not _can_connect() and _can_write_own():
        sys.stdout.write("confined\n")

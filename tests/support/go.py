"""Is there a Go that finds golang.org/x/mod, as Debian's packages install it?"""

import shutil
from pathlib import Path

X_MOD = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/note")


def has_go_with_x_mod() -> bool:
    """True where the foreign verifier of checkpoints can be built without fetching anything."""
    return shutil.which("go") is not None and X_MOD.is_dir()

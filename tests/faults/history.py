"""What the people at the other side were told, written down the moment they were told it.

One JSON object per line, each by one write(2) at the end of the file: what a person saw does not go when the service
is killed. The checker holds the service to these lines.
"""

import json
import os
from pathlib import Path
from typing import Any


class History:
    """The lines of one run. Opened anew in every life."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, **told: Any) -> None:
        """Somebody was told this, now."""
        line = json.dumps(told, default=str).encode() + b"\n"
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)

    def lines(self) -> list[dict[str, Any]]:
        """All of them, in order."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def acts(self) -> set[str]:
        """The acts that were acknowledged."""
        return {line["act"] for line in self.lines() if "act" in line}

    def known(self) -> dict[str, Any]:
        """What the people know by now: ids, links, offsets; the newest word counts."""
        found: dict[str, Any] = {}
        for line in self.lines():
            found |= line.get("knows", {})
        return found

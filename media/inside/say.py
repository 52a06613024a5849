"""How a child speaks: one JSON object a line on stdout; the last line is its answer."""

import json
import sys
from typing import Any, NoReturn


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def order() -> dict[str, Any]:
    """What is asked, from outside (trusted)."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    return asked


def done(share: float) -> None:
    """Progress, 0.0 … 1.0."""
    _line(json.dumps({"done": round(share, 4)}))


def answer(**facts: Any) -> None:
    """The answer."""
    _line(json.dumps(facts))


def refuse(code: str) -> NoReturn:
    """End here with a code of `media.limits.Code`."""
    _line(json.dumps({"refused": code}))
    sys.exit(0)

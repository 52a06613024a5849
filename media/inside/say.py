"""How a child speaks: one JSON object a line on stdout; the last line is its answer."""

import json
import sys
from typing import Any, NoReturn


def order() -> dict[str, Any]:
    """What is asked, from outside (trusted)."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    return asked


def done(share: float) -> None:
    """Progress, 0.0 … 1.0."""
    print(json.dumps({"done": round(share, 4)}), flush=True)


def answer(**facts: Any) -> None:
    """The answer."""
    print(json.dumps(facts), flush=True)


def refuse(code: str) -> NoReturn:
    """End here with a code of `media.limits.Code`."""
    print(json.dumps({"refused": code}), flush=True)
    sys.exit(0)

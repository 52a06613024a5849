"""One page to look at, as a tour knows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stop:
    """One page to look at. `press` is a button pressed there first (its words), `fill` what is typed before,
    `file` a text file that is chosen; `leads` is where it leads on to."""

    name: str
    path: str
    status: int = 200
    press: str = ""
    fill: tuple[tuple[str, str], ...] = ()
    file: str = ""
    leads: str = ""

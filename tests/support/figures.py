"""Figures that a test measured, printed so that a run can be quoted."""


def say(figure: str) -> None:
    """Print it on a line of its own, whatever pytest has printed before."""
    print(f"\n{figure}", flush=True)

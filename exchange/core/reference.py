"""References people can read aloud: a letter, a hyphen, five characters that are not taken for another."""

from exchange.core.keys import random_below

ALPHABET = "23456789CDFGHJKMNPQRTVWXY"


def new_reference(prefix: str, length: int = 5) -> str:
    """For example `C-7K3MQ`: about ten million of each kind, no vowels, no 0/O, 1/I/L, 8/B, 5/S, 2/Z pairs."""
    return f"{prefix}-" + "".join(ALPHABET[random_below(len(ALPHABET))] for _ in range(length))

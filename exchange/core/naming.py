"""How somebody is named to the other person and how they sign (rules 16, 17): what in it tells more than is meant.

It advises, like every look for what leaks (`core/leaks.py`); whoever saves it says that the person knows and wants it.
"""

from collections.abc import Iterable

from exchange.core.leaks import find

LONGEST = 200


def tells(form_of_name: str, signature: str, own: Iterable[str]) -> list[tuple[str, str]]:
    """(kind, words) of everything in the two that names or locates somebody, each once, in their order.

    `own`: full names and addresses of the people of the case. A first name is part of a full name, so it is told too.
    """
    known = [words for words in own if words.strip()]
    found = [
        (str(mark.kind), text[mark.start : mark.end])
        for text in (form_of_name, signature)
        for mark in find(text, known)
    ]
    return list(dict.fromkeys(found))

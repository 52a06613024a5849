"""From the name of a checklist's form (`core/checklist.py`) to the page that clears the line."""

from uuid import UUID


def url_for_form(form: str, *, case: UUID, message: UUID | None, author: UUID | None, recipient: UUID | None) -> str:
    """The address of the form, "" where nobody can clear the line by a form.

    Facts and consents to take part or be asked come back to the message when they are recorded.
    """
    area, _, rest = form.partition(".")
    people = {"author": author, "recipient": recipient}
    back = f"?back=/messages/{message}" if message else ""
    if area == "case":
        return f"/cases/{case}/{rest}" if rest in ("team", "policy", "ground-rules") else f"/cases/{case}"
    if area == "message":
        places = {"review": "/review", "release": "/hand-over", "after": "/after"}
        return f"/messages/{message}{places.get(rest, '')}"
    if form == "fact.assessment":
        return f"/cases/{case}/assessments/new{back}"
    who, _, kind = rest.rpartition(".")
    if area == "fact":
        place = f"/people/{people[who]}" if who else f"/cases/{case}"
        return f"{place}/facts/{kind}{back}"
    if area == "consent" and kind in ("share", "receive"):
        return f"/messages/{message}/consent/{kind}"
    return f"/people/{people[who]}/consents/{kind}{back}" if area == "consent" else ""

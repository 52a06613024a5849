"""From whom to whom: with two people in a case one question answers both."""

from uuid import UUID

from aiohttp import web

from exchange.core.errors import BadInput
from exchange.store import read
from exchange.store.read import CaseView
from exchange.web.console.session import actor_of, id_of, service_of
from exchange.web.console.words import SIDES, said
from exchange.web.frame import N_, gettext

FOR_WHOM = N_("Choose who it is for")


def people_of(case: CaseView) -> list[tuple[str, ...]]:
    """The choices of "Who is it from?": with two people each says who the other one is."""
    people = [(str(p.id), case.forms[p.id], said(SIDES, p.side)) for p in case.people]
    if len(people) != 2:
        return list(people)
    told = gettext("%(side)s. It goes to %(name)s.")
    (one, first, side), (two, second, other) = people
    return [
        (one, first, told % {"side": side, "name": second}),
        (two, second, told % {"side": other, "name": first}),
    ]


async def recipient_of(request: web.Request, author: UUID, chosen: UUID | None) -> UUID:
    """The recipient as chosen, or the other one of two. BadInput where that says nothing."""
    if chosen is not None:
        return chosen
    case = await read.case_view(service_of(request), actor_of(request), id_of(request, "case"))
    others = [person.id for person in case.people if person.id != author]
    if len(case.people) != 2 or len(others) != 1:
        raise BadInput(FOR_WHOM, field="recipient")
    return UUID(str(others[0]))

"""The one way of a form: parse, act, or show it again with what was entered and what is wrong."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from exchange.core.errors import BadInput, Conflict, Refused, WaitAWhile
from exchange.web import frame

FormT = TypeVar("FormT", bound=frame.Form)
Show = Callable[[web.Request, frame.ErrorSummary, int], Awaitable[web.StreamResponse]]
Act = Callable[[FormT], Awaitable[web.StreamResponse]]


async def asked(
    request: web.Request, model: type[FormT], show: Show, act: Act[FormT], *, at: str = ""
) -> web.StreamResponse:
    """Run `act` with the form; on bad input `show` the page again. `at`: the field for a step's refusal."""
    form = await frame.parse(request, model)
    if isinstance(form, frame.ErrorSummary):
        return await show(request, form, 422)
    try:
        return await act(form)
    except BadInput as error:
        return await show(request, await frame.entered(request, error, at), error.status)
    except (Conflict, Refused, WaitAWhile) as error:
        again = await frame.entered(request, BadInput(str(error)), at)
        return await show(request, again, error.status)

"""The current one-time code on the pages of the demonstration, so that it can be tried without an app.

Only where the service was started as a demonstration; everywhere else the answer is always "".
"""

from sqlalchemy import func, select

from exchange.steps import factor
from exchange.steps.factor import Enrolment
from exchange.steps.sessions import Session
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import now_of, reading


async def code_to_show(service: Service, session: Session) -> str:
    """A code that counts now for the session's account, "" in a real service.

    A code counts once: where this half minute's is used, the next one's is given, which counts already.
    """
    if not service.settings.demo:
        return ""
    columns = (t.account.c.totp_wrapped, t.account.c.totp_pending, t.account.c.totp_last)
    async with reading(service) as conn:
        query = select(*columns, func.now().label("now")).where(t.account.c.id == session.account_id)
        row = (await conn.execute(query)).one()
    if row.totp_wrapped is not None:
        secret: str | None = await factor.unwrapped(service, session.account_id, row.totp_wrapped)
    else:
        secret = await factor.pending(service, session.account_id, row.totp_pending, session.id)
    if secret is None:
        return ""
    current = int(row.now.timestamp()) // factor.STEP_SECONDS
    step = max(current, row.totp_last + 1)
    return factor.code_at(secret, step) if step <= current + factor.DRIFT_STEPS else ""


async def pending_code_to_show(service: Service, enrolment: Enrolment | None) -> str:
    """The current code of a second factor that is being set up, "" in a real service."""
    if not service.settings.demo or enrolment is None:
        return ""
    async with reading(service) as conn:
        return factor.code_now(enrolment.secret, await now_of(conn))

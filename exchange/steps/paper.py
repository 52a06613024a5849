"""The code of what goes out on paper: one for each release on paper, given once (rule 20, core/packs.py)."""

from typing import Any

from sqlalchemy import Row, select

from exchange.core import packs
from exchange.core.errors import Conflict
from exchange.store import tables as t
from exchange.store.unit import Unit

_TRIES = 8


async def code_of(unit: Unit, release: Row[Any]) -> str:
    """The code of this release's pack, given when it is asked for first."""
    p = t.printed_pack
    row = await unit.maybe(select(p.c.code).where(p.c.release_id == release.id))
    if row is not None:
        return str(row.code)
    code = await _unused(unit)
    about = {"message_id": release.message_id, "digest": release.digest, "made_by": release.made_by}
    await unit.add(p, release_id=release.id, code=code, **about)
    return code


async def _unused(unit: Unit) -> str:
    p = t.printed_pack
    for _ in range(_TRIES):
        code = packs.new_code()
        if await unit.maybe(select(p.c.id).where(p.c.code == code)) is None:
            return code
    raise Conflict

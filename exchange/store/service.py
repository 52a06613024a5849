"""The handle that every step takes first: database, objects, settings and, where allowed, keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.core.errors import WrongSetting
from exchange.settings import Settings
from exchange.store import failpoints
from exchange.store.engine import make_engine
from exchange.store.objects import ObjectStore, open_objects

if TYPE_CHECKING:
    from exchange.store.rootkey import KeyHolder


@dataclass(frozen=True)
class Service:
    """What a process works with; `keys` is None in the portal, which opens nothing (DESIGN section 3)."""

    engine: AsyncEngine
    objects: ObjectStore
    settings: Settings
    keys: "KeyHolder | None" = None


@asynccontextmanager
async def open_service(settings: Settings, *, with_keys: bool) -> AsyncIterator[Service]:
    """A `Service` for as long as the block runs. Raises `WrongSetting` where a database or key is missing.

    `with_keys`: console and worker True, portal False.
    """
    if settings.database_url is None:
        raise WrongSetting(
            "No database is set. Set EXCHANGE_DATABASE_URL, or let `exchange serve` (or `demo`) start the embedded one."
        )
    failpoints.arm_as_told(demo=settings.demo)
    keys = _key_holder(settings) if with_keys else None
    engine = make_engine(settings.database_url.get_secret_value())
    objects = open_objects(settings)
    try:
        yield Service(engine, objects, settings, keys)
    finally:
        await objects.close()
        await engine.dispose()


def _key_holder(settings: Settings) -> "KeyHolder":
    # imported here so that a portal process never loads the code that reads the root key
    from exchange.store.rootkey import KeyHolder  # noqa: PLC0415  # loaded only where it is used
    from exchange.store.rootring import open_ring  # noqa: PLC0415  # likewise

    return KeyHolder(open_ring(settings))

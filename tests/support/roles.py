"""The same service as other database roles see it: the portal as it connects, and the owner of the schema."""

from dataclasses import replace
from weakref import WeakKeyDictionary

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from exchange.store.engine import driver_url
from exchange.store.service import Service

_engines: WeakKeyDictionary[AsyncEngine, dict[str, AsyncEngine]] = WeakKeyDictionary()


def as_portal(service: Service) -> Service:
    """The portal: its own database role and settings, the same objects, no keys."""
    settings = service.settings.for_portal()
    return replace(service, engine=_engine(service, settings.database_url), settings=settings, keys=None)


def as_owner(service: Service) -> Service:
    """Whoever owns the schema, for what no process of the service may do."""
    return replace(service, engine=_engine(service, service.settings.owner_database_url))


def _engine(service: Service, url: SecretStr | None) -> AsyncEngine:
    """One engine per service and role; each connection is closed after its use, so nothing is left open."""
    assert url is not None
    plain, known = url.get_secret_value(), _engines.setdefault(service.engine, {})
    if plain not in known:
        options = {"options": "-c timezone=UTC"}
        known[plain] = create_async_engine(
            driver_url(plain), poolclass=NullPool, hide_parameters=True, connect_args=options
        )
    return known[plain]

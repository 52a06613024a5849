"""The portal's application: every journey's routes over the frame. It holds no key that opens anything."""

from aiohttp import web

from exchange.steps import settings as service_settings
from exchange.store.service import Service
from exchange.web import frame
from exchange.web.portal import (
    about,
    appealing,
    asking,
    beforehand,
    deciding,
    dialogue,
    easy,
    landing,
    opening,
    reading,
    recording,
    referring,
    revising,
    sending,
    session,
    sharing,
    stopping,
    uploading,
    visits,
    writing,
)

JOURNEYS = (
    about, easy, asking, referring, landing, session, reading, deciding, sharing, beforehand, dialogue, revising,
    writing, uploading, recording, sending, stopping, appealing,
)  # fmt: skip


async def create(service: Service) -> web.Application:
    """The portal over `service`, which needs no keys."""

    async def facts() -> frame.ServiceFacts:
        return frame.ServiceFacts.read(await service_settings.service_words(service))

    routes = [route for journey in JOURNEYS for route in journey.ROUTES]
    app = frame.base_application(service, site="portal", authorise=visits.authorise, routes=routes, facts=facts)
    app.middlewares.extend((opening.only_when_green, opening.no_reasons))
    return app

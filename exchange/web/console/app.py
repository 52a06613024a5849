"""The console: every module's routes on the frame, with sessions and step-up around them."""

from aiohttp import web

from exchange.steps import settings as service_settings
from exchange.store.service import Service
from exchange.web import frame
from exchange.web.console import cases, home, sign_in, step_up
from exchange.web.console.session import authorise

ROUTES = [
    *sign_in.ROUTES,
    *step_up.ROUTES,
    *home.ROUTES,
    *cases.ROUTES,
]


async def create(service: Service) -> web.Application:
    """The application of the staff's site. `service` holds the keys."""

    async def facts() -> frame.ServiceFacts:
        return frame.ServiceFacts.read(await service_settings.service_words(service))

    app = frame.base_application(service, site="console", authorise=authorise, routes=ROUTES, facts=facts)
    app.middlewares.append(step_up.step_up_middleware)
    return app

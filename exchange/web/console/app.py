"""The console: every module's routes on the frame, with sessions and step-up around them."""

from aiohttp import web

from exchange.steps import settings as service_settings
from exchange.steps.oversight import look_ahead
from exchange.store.read.home import ask_once
from exchange.store.service import Service
from exchange.web import api, frame
from exchange.web.console import (
    about,
    account,
    admin,
    assessment_form,
    assessments,
    bars,
    cases,
    closing,
    consents,
    diary,
    disclosures,
    emergencies,
    erasing,
    facts,
    ground_rules,
    guidance,
    home,
    importing,
    leaving,
    linking,
    messages,
    naming,
    notices,
    of_age,
    own_copies,
    people,
    piles,
    policy,
    post,
    record,
    record_overview,
    rectifying,
    referrals,
    retaining,
    sign_in,
    sign_on,
    statistics,
    step_up,
    supervision,
    supervisor,
    tasks,
    team,
    thread,
    webhooks,
    wordings,
)
from exchange.web.console.session import authorise

ROUTES = [
    *api.routes,
    *sign_in.ROUTES,
    *sign_on.ROUTES,
    *step_up.ROUTES,
    *about.ROUTES,
    *home.ROUTES,
    *tasks.ROUTES,
    *importing.ROUTES,
    *cases.ROUTES,
    *closing.ROUTES,
    *thread.ROUTES,
    *ground_rules.ROUTES,
    *policy.ROUTES,
    *erasing.ROUTES,
    *team.ROUTES,
    *bars.ROUTES,
    *emergencies.ROUTES,
    *people.ROUTES,
    *naming.ROUTES,
    *of_age.ROUTES,
    *own_copies.ROUTES,
    *rectifying.ROUTES,
    *notices.ROUTES,
    *facts.ROUTES,
    *diary.ROUTES,
    *assessments.ROUTES,
    *consents.ROUTES,
    *disclosures.ROUTES,
    *messages.routes,
    *referrals.ROUTES,
    *post.ROUTES,
    *piles.ROUTES,
    *retaining.ROUTES,
    *supervisor.ROUTES,
    *statistics.ROUTES,
    *supervision.ROUTES,
    *leaving.ROUTES,
    *record.ROUTES,
    *record_overview.ROUTES,
    *admin.ROUTES,
    *guidance.ROUTES,
    *assessment_form.ROUTES,
    *wordings.ROUTES,
    *linking.ROUTES,
    *webhooks.ROUTES,
    *account.ROUTES,
]


async def create(service: Service) -> web.Application:
    """The application of the staff's site. `service` holds the keys."""

    async def facts_of_service() -> frame.ServiceFacts:
        return frame.ServiceFacts.read(await service_settings.service_words(service))

    app = frame.base_application(service, site="console", authorise=authorise, routes=ROUTES, facts=facts_of_service)
    app.middlewares.append(step_up.step_up_middleware)
    app[frame.READYING] = [lambda: ask_once(service), lambda: look_ahead(service)]
    return app

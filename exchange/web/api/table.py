"""Every endpoint there is, in the order of the story."""

from exchange.web.api import (
    account,
    administration,
    captions,
    cases,
    early,
    erasing,
    links,
    messages,
    notices,
    people,
    problems,
    record,
    reviewing,
    sharing,
    spoken,
    standing,
    work,
    workshop,
)
from exchange.web.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = [
    *account.ENDPOINTS,
    *work.ENDPOINTS,
    *cases.ENDPOINTS,
    *erasing.ENDPOINTS,
    *people.ENDPOINTS,
    *standing.ENDPOINTS,
    *messages.ENDPOINTS,
    *early.ENDPOINTS,
    *reviewing.ENDPOINTS,
    *workshop.ENDPOINTS,
    *captions.ENDPOINTS,
    *spoken.ENDPOINTS,
    *sharing.ENDPOINTS,
    *links.ENDPOINTS,
    *notices.ENDPOINTS,
    *record.ENDPOINTS,
    *administration.ENDPOINTS,
    *problems.ENDPOINTS,
]

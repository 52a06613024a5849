"""Every endpoint there is, in the order of the story."""

from exchange.web.api import account, cases, people, problems
from exchange.web.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = [
    *account.ENDPOINTS,
    *cases.ENDPOINTS,
    *people.ENDPOINTS,
    *problems.ENDPOINTS,
]

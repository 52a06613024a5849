"""The pages of one message, in the order of its life; `routes` is what the console answers."""

from exchange.web.console.messages import (
    concern,
    consents,
    decide,
    erase,
    hand_over,
    links,
    offer,
    page,
    present,
    put_in,
    review,
    spoken,
    texts,
)

routes = [
    *put_in.ROUTES,
    *links.ROUTES,
    *page.ROUTES,
    *review.ROUTES,
    *texts.ROUTES,
    *decide.ROUTES,
    *spoken.ROUTES,
    *erase.ROUTES,
    *concern.ROUTES,
    *consents.ROUTES,
    *offer.ROUTES,
    *hand_over.ROUTES,
    *present.ROUTES,
]

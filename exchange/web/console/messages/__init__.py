"""The pages of one message, in the order of its life; `routes` is what the console answers."""

from exchange.web.console.messages import (
    compare,
    concern,
    consents,
    decide,
    erase,
    hand_over,
    links,
    notes,
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
    *notes.ROUTES,
    *compare.ROUTES,
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

"""Why a message could not be used, or still waits: the sentence for each `message.rejected_code`."""

from media.limits import SENTENCES as MADE_SAFE

NOT_KEPT = "not_kept"
"""The read-back found an original damaged or missing."""
NO_SCANNER = "no_scanner"
"""The malware scanner that this service insists on does not answer."""
OVERTAKEN = "overtaken"
"""While a version was being made the message changed or moved on."""
NO_EARS = "no_ears"
"""Nothing is installed here that hears this language."""

SENTENCES: dict[str, str] = {
    **{code.value: sentence for code, sentence in MADE_SAFE.items()},
    NOT_KEPT: (
        "Part of this did not reach our store whole, so it cannot be used. We are sorry: please put it in again "
        "from the file on your own device."
    ),
    NO_SCANNER: (
        "The check for harmful software cannot be reached at the moment. Nothing is lost: this stays locked away "
        "and is tried again by itself."
    ),
    NO_EARS: (
        "No machine here can hear this language. Nothing is lost: write the lines yourself, or ask whoever runs the "
        "service to install one."
    ),
    OVERTAKEN: (
        "This message changed while the new version was being made, so it was not kept. Nothing is lost: look at the "
        "newest version, and make it again."
    ),
}
"""English; the sentence is the msgid."""

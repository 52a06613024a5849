"""Notices by e-mail, through the service's own SMTP server. What comes back later is read by `exchange bounce`."""

import aiosmtplib

from exchange.store.mailer import MailError, MailServer, deliver
from exchange.store.notify.protocol import Fate, Handed, Outgoing

_NOT_SENT = (
    aiosmtplib.SMTPConnectError,
    aiosmtplib.SMTPConnectTimeoutError,
    aiosmtplib.SMTPAuthenticationError,
    aiosmtplib.SMTPHeloError,
    aiosmtplib.SMTPNotSupported,
    ValueError,
)


class SmtpNotifier:
    """Sends by this server."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, notice: Outgoing) -> Handed:
        """5xx is for good, 4xx and a server that is away are not now; a line that broke half-way is unknown."""
        try:
            await deliver(self._server, notice.to, notice.subject, notice.text, token=notice.token)
        except MailError as error:
            return _handed(error.__cause__)
        return Handed.TAKEN

    async def fate(self, token: str) -> Fate | None:  # noqa: ARG002  # the server cannot be asked
        """Not to be asked: bounces say it."""
        return None


def _handed(error: BaseException | None) -> Handed:
    if isinstance(error, _NOT_SENT):
        return Handed.NOT_NOW
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [one.code for one in error.recipients]
        return Handed.REFUSED if codes and all(code >= 500 for code in codes) else Handed.NOT_NOW
    if isinstance(error, aiosmtplib.SMTPDataError | aiosmtplib.SMTPRecipientRefused):
        return Handed.REFUSED if error.code >= 500 else Handed.NOT_NOW
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Handed.NOT_NOW  # the sender, or the server's own trouble: nothing was taken, and no address is wrong
    return Handed.UNKNOWN

"""Sends one plain e-mail through the service's SMTP server. Knows nothing of why."""

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

from exchange.core.errors import ExchangeError

TIMEOUT_SECONDS = 20
TLS_PORT = 465


class MailError(ExchangeError):
    """The e-mail could not be sent. It will be tried again."""

    status = 503


@dataclass(frozen=True)
class MailServer:
    """Where e-mail is handed over, and the neutral sender. Port 465 is TLS from the start."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    starttls: bool
    sender: str
    sender_name: str
    bounces: str = ""
    """Where e-mail that cannot be delivered comes back to; "" for the sender's own address."""

    @property
    def domain(self) -> str:
        """The sender's domain: what the server and the message id are told, never this machine's name."""
        return self.sender.rpartition("@")[2] or "localhost"

    def comes_back_to(self, token: str) -> str:
        """The envelope's sender: with a token an address of its own (VERP), if there is one for what comes back."""
        if not (token and self.bounces):
            return self.sender
        local, _, domain = self.bounces.rpartition("@")
        return f"{local}+{token}@{domain}"


async def deliver(server: MailServer, to: str, subject: str, text: str, *, token: str = "") -> None:
    """Hand one message to the server. Raises `MailError` with a sentence; addresses are not part of it.

    `token`, random and without meaning, then stands in envelope and Message-ID, so that what comes back names it.
    """
    try:
        await aiosmtplib.send(
            _message(server, to, subject, text, token),
            sender=server.comes_back_to(token),
            recipients=[to],
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            local_hostname=server.domain,
            timeout=TIMEOUT_SECONDS,
            use_tls=server.port == TLS_PORT,
            start_tls=server.starttls if server.port != TLS_PORT else False,
        )
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise MailError(why(error)) from error


async def greet(server: MailServer) -> None:
    """Connect, encrypt and sign in, send nothing. Raises `MailError`."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=server.password or None,
        local_hostname=server.domain,
        timeout=TIMEOUT_SECONDS,
        use_tls=server.port == TLS_PORT,
        start_tls=server.starttls if server.port != TLS_PORT else False,
    )
    try:
        async with client:
            await client.noop()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise MailError(why(error)) from error


def why(error: Exception) -> str:
    """A sentence for administrators. The server's own words may hold addresses and are left out."""
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return "The mail server does not accept the user name and password."
        case aiosmtplib.SMTPRecipientsRefused():
            return "The mail server refused the address of a member of staff."
        case aiosmtplib.SMTPSenderRefused():
            return "The mail server refused the sender's address."
        case aiosmtplib.SMTPResponseException():
            return f"The mail server answered with error {error.code}."
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPTimeoutError() | OSError():
            return "The mail server cannot be reached."
    return MailError.sentence()


def _message(server: MailServer, to: str, subject: str, text: str, token: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = str(Address(server.sender_name, addr_spec=server.sender))
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{token}@{server.domain}>" if token else make_msgid(domain=server.domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message

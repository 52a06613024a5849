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

    @property
    def domain(self) -> str:
        """The sender's domain: what the server and the message id are told, never this machine's name."""
        return self.sender.rpartition("@")[2] or "localhost"


async def deliver(server: MailServer, to: str, subject: str, text: str) -> None:
    """Hand one message to the server. Raises `MailError` with a sentence; addresses are not part of it."""
    try:
        await aiosmtplib.send(
            _message(server, to, subject, text),
            sender=server.sender,
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


def _message(server: MailServer, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = str(Address(server.sender_name, addr_spec=server.sender))
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=server.domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message

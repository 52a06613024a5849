"""A real SMTP server on loopback that keeps what it gets."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.support.ports import free_port


@dataclass
class Mailbox:
    """Where the server listens, and every message it accepted, oldest first, with its envelope."""

    host: str
    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    to_recipient: str = ""
    """What it says to RCPT TO instead of taking it, such as "550 no such user"."""
    to_content: str = ""
    """Likewise after DATA; "hang up" breaks the line there, "stall" says nothing more, with the message kept."""

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or say what it was told to."""
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Keep one message."""
        if self.to_content not in ("", "hang up", "stall"):
            return self.to_content
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        if self.to_content == "hang up":
            server.transport.abort()
        if self.to_content == "stall":
            await asyncio.sleep(60)
        return "250 kept"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A server for as long as the block runs."""
    mailbox = Mailbox("127.0.0.1", free_port())
    controller = Controller(mailbox, hostname=mailbox.host, port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()

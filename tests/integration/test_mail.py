"""The neutral e-mail to staff, through a real SMTP server."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from exchange.core.model import OPERATOR, Channel, Role, Side
from exchange.steps import cases, mail, referral, settings
from exchange.store.mailer import MailError, MailServer, deliver, greet
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.mail import Mailbox
from tests.support.ports import free_port
from tests.support.staff import Member, found, member

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PLANTED = "Planted-Name Morgan"
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"} | {
    "Content-Type",
    "Content-Transfer-Encoding",
}


async def post_office(service: Service, port: int) -> None:
    """A founded service that hands its mail over at this port."""
    await found(service)
    await settings.save(
        service,
        OPERATOR,
        mail_host="127.0.0.1",
        mail_port=port,
        mail_starttls=False,
        mail_from="messages@example.org",
        console_url="https://desk.example.org",
        closed_days=(MONDAY.date() + timedelta(days=1),),
    )


async def something_waits(service: Service) -> None:
    """One new referral, full of names."""
    answers = dict.fromkeys(("reach_by", "reach_address", "name", "about", "reach_words"), PLANTED)
    await referral.save_referral(service, answers)


async def test_the_daily_mail_says_how_many_and_nothing_else(service: Service, smtp: Mailbox) -> None:
    """Names, references and e-mail of others were planted first; the body is compared whole."""
    await post_office(service, smtp.port)
    await something_waits(service)
    await member(service, "jo", Role.FACILITATOR, email="jo@example.org", name=PLANTED)
    done = await mail.send_daily(service, now=MONDAY)
    assert (done.sent, done.failed) == (1, 0)
    (message,) = smtp.messages
    assert smtp.envelopes == [("messages@example.org", ["jo@example.org"])]
    assert message["Subject"] == "1 item waits"
    assert message["From"] == "Message service <messages@example.org>"
    assert message.get_content().replace("\r\n", "\n") == "1 item waits.\n\nPlease sign in: https://desk.example.org\n"
    whole = message.as_string()
    assert "Planted" not in whole
    assert "R-" not in message.get_content()
    assert set(message.keys()) == HEADERS
    assert message["Message-ID"].endswith("@example.org>")


async def test_once_per_working_day(service: Service, smtp: Mailbox) -> None:
    """Two workers at once, again in the afternoon, on a closed day and a Sunday: one mail a working day."""
    await post_office(service, smtp.port)
    await something_waits(service)
    await member(service, "jo", email="jo@example.org")
    await asyncio.gather(mail.send_daily(service, now=MONDAY), mail.send_daily(service, now=MONDAY))
    await mail.send_daily(service, now=MONDAY + timedelta(hours=6))
    assert len(smtp.messages) == 1
    for quiet in (timedelta(days=1), timedelta(days=-1), timedelta(hours=12), timedelta(hours=-4)):
        await mail.send_daily(service, now=MONDAY + quiet)
    assert len(smtp.messages) == 1
    await mail.send_daily(service, now=MONDAY + timedelta(days=2))
    assert len(smtp.messages) == 2


async def test_no_mail_where_nothing_waits(service: Service, smtp: Mailbox) -> None:
    """Nor to accounts without an address."""
    await post_office(service, smtp.port)
    await member(service, "jo", email="jo@example.org")
    assert (await mail.send_daily(service, now=MONDAY)).sent == 0
    await something_waits(service)
    await member(service, "sam")
    assert (await mail.send_daily(service, now=MONDAY)).sent == 1
    assert [envelope[1] for envelope in smtp.envelopes] == [["jo@example.org"]]


async def test_welsh_for_who_works_in_welsh(service: Service, smtp: Mailbox) -> None:
    """By the account's language."""
    await post_office(service, smtp.port)
    await something_waits(service)
    await member(service, "jo", email="jo@example.org")
    async with reading(service) as conn:
        await conn.execute(text("update account set language = 'cy'"))
    await mail.send_daily(service, now=MONDAY)
    assert smtp.messages[0]["Subject"] == "Mae 1 eitem yn aros"


async def test_a_failure_is_kept_for_the_doctor_and_tried_again(service: Service, smtp: Mailbox) -> None:
    """No exception; the next run sends it, and the failure is forgotten."""
    await post_office(service, free_port())
    await something_waits(service)
    await member(service, "jo", email="jo@example.org")
    assert (await mail.send_daily(service, now=MONDAY)).failed == 1
    async with reading(service) as conn:
        kept = await settings.row(conn, mail.STATE)
    assert kept.value == {"failure": "The mail server cannot be reached."}
    await settings.save(service, OPERATOR, mail_port=smtp.port)
    assert (await mail.send_daily(service, now=MONDAY + timedelta(hours=1))).sent == 1
    async with reading(service) as conn:
        assert (await settings.row(conn, mail.STATE)).value == {"failure": ""}


async def test_no_mail_server_is_no_error(service: Service) -> None:
    """It is said to the doctor."""
    await found(service)
    await something_waits(service)
    await member(service, "jo", email="jo@example.org")
    assert await mail.send_daily(service, now=MONDAY) == mail.Sent()
    async with reading(service) as conn:
        assert "No mail server" in (await settings.row(conn, mail.STATE)).value["failure"]


async def raised(service: Service, lead: Member) -> UUID:
    """A concern about a message of the lead's case, in which everybody has a planted name."""
    actor = lead.actor(Role.FACILITATOR)
    case_id = await cases.open_case(service, actor)
    contact = cases.SafeContact(means=Channel.PHONE, address=PLANTED)
    people = [
        await cases.add_participant(
            service, actor, case_id, side=side, name=PLANTED, form_of_name=PLANTED, contact=contact
        )
        for side in Side
    ]
    ids = {"case": case_id, "author": people[0], "recipient": people[1], "by": lead.id}
    async with reading(service) as conn:
        message = "insert into message (reference, case_id, author_id, recipient_id, kind, state)"
        message += " values ('M-1', :case, :author, :recipient, 'letter', 'concern') returning id"
        ids["message"] = (await conn.execute(text(message), ids)).scalar_one()
        concern = "insert into concern (case_id, message_id, raised_by, kind, note_sealed)"
        concern += " values (:case, :message, :by, 'threat', 'x') returning id"
        found: UUID = (await conn.execute(text(concern), ids)).scalar_one()
    return found


async def test_a_concern_reaches_supervisors_and_the_team_once(service: Service, smtp: Mailbox) -> None:
    """At once, at any hour, twice asked: one neutral mail each, none to people of other cases."""
    await post_office(service, smtp.port)
    lead = await member(service, "jo", Role.FACILITATOR, email="jo@example.org", name=PLANTED)
    await member(service, "su", Role.SUPERVISOR, email="su@example.org", name=PLANTED)
    await member(service, "sam", Role.FACILITATOR, email="sam@example.org")
    concern = await raised(service, lead)
    assert (await mail.notify_concern(service, concern)).sent == 2
    assert (await mail.notify_concern(service, concern)).sent == 0
    assert sorted(envelope[1][0] for envelope in smtp.envelopes) == ["jo@example.org", "su@example.org"]
    assert {message["Subject"] for message in smtp.messages} == {"Something needs you now"}
    everything = "".join(message.as_string() for message in smtp.messages).lower()
    assert not [word for word in ("planted", "threat", "concern", "m-1") if word in everything]


async def test_a_concern_that_could_not_be_told_is_told_by_the_next_try(service: Service, smtp: Mailbox) -> None:
    """The job fails, so the queue runs it again."""
    await post_office(service, free_port())
    lead = await member(service, "jo", Role.FACILITATOR, email="jo@example.org")
    concern = await raised(service, lead)
    with pytest.raises(MailError):
        await mail.notify_concern(service, concern)
    await settings.save(service, OPERATOR, mail_port=smtp.port)
    assert (await mail.notify_concern(service, concern)).sent == 1


async def test_a_line_break_in_a_name_adds_no_header(smtp: Mailbox) -> None:
    """Refused by the library, and said as a failure, never sent."""
    server = MailServer("127.0.0.1", smtp.port, "", "", False, "a@example.org", "Name\r\nBcc: thief@example.org")
    with pytest.raises(MailError):
        await deliver(server, "jo@example.org", "1 item waits", "text")
    assert smtp.messages == []


async def test_a_server_without_tls_is_refused_where_tls_was_asked(smtp: Mailbox) -> None:
    """STARTTLS is not given up silently."""
    server = MailServer("127.0.0.1", smtp.port, "", "", True, "a@example.org", "Messages")
    with pytest.raises(MailError):
        await deliver(server, "jo@example.org", "1 item waits", "text")
    with pytest.raises(MailError):
        await greet(server)
    await greet(replace(server, starttls=False))
    assert smtp.messages == []

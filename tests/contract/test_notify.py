"""Every way of sending a notice keeps the same promises: e-mail, and text messages by GOV.UK Notify."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from exchange.settings import Settings
from exchange.store.mailer import MailServer
from exchange.store.notify import Fate, GovukNotify, Handed, Notifier, Outgoing, SmtpNotifier
from exchange.store.notify.govuk import TextMessagesFail
from tests.support.govuk_notify import KEY, Notify, govuk_notify
from tests.support.mail import Mailbox
from tests.support.ports import free_port

TOKEN = "0f" * 16
ADDRESSES = {"email": "planted.person@people.example", "text": "07700900111"}
WORDS = "Mae rhywbeth i chi. Gallwch ein ffonio ar 01632 960 001, neu ddefnyddio'r ddolen sydd gennych."


@dataclass
class Way:
    """One way of sending with its real server on the other side."""

    means: str
    notifier: Notifier
    nobody: Notifier
    """The same, with nobody there to answer."""
    mail: Mailbox | None = None
    notify: Notify | None = None

    def notice(self) -> Outgoing:
        """What is sent."""
        return Outgoing(ADDRESSES[self.means], "Messages", WORDS, TOKEN)

    def answer(self, mail: tuple[str, str], notify: int) -> None:
        """Let the other side answer so: (to RCPT, after DATA), or the status of HTTP."""
        if self.mail:
            self.mail.to_recipient, self.mail.to_content = mail
        if self.notify:
            self.notify.status = notify

    def arrived(self) -> list[tuple[str, str]]:
        """(to whom, the words) of everything that the other side took."""
        if self.mail:
            told = [one.get_content().replace("\r\n", "\n").strip() for one in self.mail.messages]
            return [(envelope[1][0], text) for envelope, text in zip(self.mail.envelopes, told, strict=True)]
        assert self.notify
        return [(one["phone_number"], one["personalisation"]["text"]) for one in self.notify.sent]


@pytest.fixture(params=["email", "text"])
async def way(request: pytest.FixtureRequest, smtp: Mailbox) -> AsyncIterator[Way]:
    """Each of them."""
    if request.param == "email":
        here, nobody = (
            SmtpNotifier(MailServer("127.0.0.1", port, "", "", False, "service@example.org", "Messages"))
            for port in (smtp.port, free_port())
        )
        yield Way("email", here, nobody, mail=smtp)
        return
    async with govuk_notify() as notify:
        away = notify.settings() | {"notify_url": f"http://127.0.0.1:{free_port()}"}
        here, nobody = (GovukNotify(Settings.load(**one)) for one in (notify.settings(), away))
        yield Way("text", here, nobody, notify=notify)
        assert notify.problems == []


async def test_what_is_taken_arrives_word_for_word(way: Way) -> None:
    """Once, to the address, in Welsh too."""
    assert await way.notifier.send(way.notice()) is Handed.TAKEN
    assert way.arrived() == [(ADDRESSES[way.means], WORDS)]


async def test_a_refused_address_is_for_good(way: Way) -> None:
    """Nothing arrives, and it is not worth another try."""
    way.answer(("550 5.1.1 no such user", ""), 400)
    assert await way.notifier.send(way.notice()) is Handed.REFUSED
    assert way.arrived() == []


async def test_a_refused_content_is_for_good(way: Way) -> None:
    """Likewise, where the server says so only in the end."""
    way.answer(("", "554 5.7.1 not wanted"), 400)
    assert await way.notifier.send(way.notice()) is Handed.REFUSED
    assert way.arrived() == []


@pytest.mark.parametrize(("mail", "notify"), [(("451 4.3.0 later", ""), 429), (("", "452 4.3.1 full"), 403)])
async def test_what_is_not_taken_now_may_be_tried_again(way: Way, mail: tuple[str, str], notify: int) -> None:
    """A busy server, a limit, a key that is not accepted: nothing has arrived."""
    way.answer(mail, notify)
    assert await way.notifier.send(way.notice()) is Handed.NOT_NOW
    assert way.arrived() == []


async def test_nobody_there_is_not_now(way: Way) -> None:
    """No connection, so nothing was sent."""
    assert await way.nobody.send(way.notice()) is Handed.NOT_NOW
    assert await way.nobody.fate(TOKEN) is None


async def test_a_line_that_breaks_is_unknown(way: Way) -> None:
    """It has arrived, and only the answer is missing: never to be sent again by itself."""
    way.answer(("", "hang up"), 0)
    assert await way.notifier.send(way.notice()) is Handed.UNKNOWN
    assert len(way.arrived()) == 1


async def test_nobody_knows_the_fate_of_what_was_never_sent(way: Way) -> None:
    """No guess."""
    assert await way.notifier.fate("1e" * 16) is None


async def test_neither_address_nor_words_are_logged_or_printed(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the other side answers; it may repeat the address."""
    caplog.set_level(logging.DEBUG)
    assert ADDRESSES[way.means] not in repr(way.notice())
    assert WORDS not in repr(way.notice())
    for mail, notify in ((("", ""), 201), ((f"550 {ADDRESSES[way.means]}", ""), 400), (("", "451 later"), 500)):
        way.answer(mail, notify)
        await way.notifier.send(way.notice())
    await way.nobody.send(way.notice())
    ours = [record for record in caplog.records if record.name != "mail.log"]  # that is the test's own server
    told = [record.getMessage() + str(record.exc_text) for record in ours]
    assert told or way.mail  # the client of text messages says something, and not that
    assert [line for line in told if ADDRESSES[way.means] in line or "rhywbeth" in line or KEY in line] == []


async def test_an_email_has_an_envelope_of_its_own(smtp: Mailbox) -> None:
    """The token in the Message-ID, and in the envelope where there is an address for what comes back."""
    for bounces, sender in (("", "service@example.org"), ("back@example.org", f"back+{TOKEN}@example.org")):
        server = MailServer("127.0.0.1", smtp.port, "", "", False, "service@example.org", "Messages", bounces)
        await SmtpNotifier(server).send(Outgoing("jo@people.example", "Messages", WORDS, TOKEN))
        assert smtp.envelopes[-1][0] == sender
        assert smtp.messages[-1]["Message-ID"] == f"<{TOKEN}@example.org>"
        assert smtp.messages[-1]["From"] == "Messages <service@example.org>"


@pytest.mark.parametrize("status", [302, 307])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """Neither number nor key goes anywhere else."""
    async with govuk_notify() as notify:
        notify.status = status
        sender = GovukNotify(Settings.load(**notify.settings()))
        assert await sender.send(Outgoing("07700900111", "", WORDS, TOKEN)) is Handed.NOT_NOW
        assert notify.problems == []


@pytest.mark.parametrize("status", [500, 503, 1])
async def test_an_answer_that_says_nothing_is_unknown(status: int) -> None:
    """The server broke, or answers what is no JSON: it may have gone."""
    async with govuk_notify() as notify:
        notify.status = status
        sender = GovukNotify(Settings.load(**notify.settings()))
        assert await sender.send(Outgoing("07700900111", "", WORDS, TOKEN)) is Handed.UNKNOWN


async def test_the_fate_of_a_text_message_is_asked_by_our_reference() -> None:
    """As the documentation names the statuses."""
    fates = {
        "created": Fate.UNDER_WAY, "sending": Fate.UNDER_WAY, "pending": Fate.UNDER_WAY, "sent": Fate.UNDER_WAY,
        "delivered": Fate.DELIVERED, "permanent-failure": Fate.CAME_BACK, "temporary-failure": Fate.CAME_BACK,
        "technical-failure": Fate.CAME_BACK,
    }  # fmt: skip
    async with govuk_notify() as notify:
        sender = GovukNotify(Settings.load(**notify.settings()))
        await sender.send(Outgoing("07700900111", "", WORDS, TOKEN))
        for said, fate in fates.items():
            notify.fates[TOKEN] = said
            assert await sender.fate(TOKEN) is fate
        assert set(notify.asked) == {TOKEN}


async def test_a_wrong_key_or_template_is_told_without_sending() -> None:
    """As `doctor` asks; a right one says nothing."""
    async with govuk_notify() as notify:
        right = notify.settings()
        await GovukNotify(Settings.load(**right)).look()
        another = "00000000-0000-4000-8000-000000000000"
        wrong = {
            "is not whole": right | {"notify_api_key": "half-a-key"},
            "does not accept the key": right | {"notify_api_key": KEY[:-36] + another},
            "does not know the template": right | {"notify_template": another},
            "cannot be reached": right | {"notify_url": f"http://127.0.0.1:{free_port()}"},
        }
        for sentence, settings in wrong.items():
            with pytest.raises(TextMessagesFail, match=sentence):
                await GovukNotify(Settings.load(**settings)).look()
        notify.template["body"] = "Hello"
        with pytest.raises(TextMessagesFail, match="text message with"):
            await GovukNotify(Settings.load(**right)).look()
        assert notify.sent == []

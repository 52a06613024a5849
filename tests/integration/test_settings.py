"""Service settings and wording on real PostgreSQL."""

from datetime import date
from typing import Any

import pytest

from exchange.core.errors import BadInput, NotAllowed, NotFound, StepUpNeeded
from exchange.core.model import OPERATOR, ConsentKind, Role
from exchange.steps import mail, settings, wording
from exchange.steps.settings import SupportLine
from exchange.store.service import Service
from exchange.web.frame.site import ServiceFacts
from tests.support.staff import dump, found, leaves, member


async def test_what_is_saved_is_read(service: Service) -> None:
    """Every kind of value, and the leaf says which, not what."""
    await found(service)
    lines = (SupportLine("Samaritans", "116 123", "day and night"),)
    days = (date(2026, 12, 25),)
    await settings.save(
        service,
        OPERATOR,
        service_name=" Bridge ",
        phone="029 2000 0000",
        support_lines=lines,
        closed_days=days,
    )
    again = await settings.read(service, fresh=True)
    assert (again.service_name, again.phone) == ("Bridge", "029 2000 0000")
    assert (again.support_lines, again.closed_days) == (lines, days)
    changed = [leaf for leaf in await leaves(service) if '"act":"service.changed"' in leaf]
    assert '"kind":["closed_days","phone","service_name","support_lines"]' in changed[-1]
    assert "Bridge" not in "".join(await leaves(service))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_name", "  "),
        ("phone", "none"),
        ("opening", "always"),
        ("portal_url", "portal.example.org"),
        ("exit_url", "javascript:alert(1)"),
        ("mail_port", 0),
        ("mail_from", "us"),
        ("support_lines", (SupportLine("", "1"),)),
    ],
)
async def test_a_wrong_value_names_its_field_and_saves_nothing(service: Service, name: str, value: Any) -> None:
    """Also what was right beside it."""
    await found(service)
    with pytest.raises(BadInput) as refusal:
        await settings.save(service, OPERATOR, **{"backup_place": "the vault", name: value})
    assert refusal.value.field == name
    assert (await settings.read(service, fresh=True)).backup_place == ""


async def test_only_an_administrator_with_a_fresh_factor_saves(service: Service) -> None:
    """Others learn that they may not."""
    await found(service)
    who = await member(service, "jo")
    with pytest.raises(NotAllowed):
        await settings.save(service, who.actor(Role.SUPERVISOR), phone="123")
    with pytest.raises(StepUpNeeded):
        await settings.save(service, who.actor(Role.ADMINISTRATOR, stepped_up=False), phone="123")


async def test_the_mail_password_is_sealed(service: Service) -> None:
    """It is in no table, the worker can open it, printing it shows nothing."""
    await found(service)
    await settings.save(
        service,
        OPERATOR,
        mail_host="mail.example.org",
        mail_from="service@example.org",
        mail_password="planted-mail-password",
    )
    assert b"planted-mail-password" not in await dump(service)
    server = await mail.server_of(service)
    assert server is not None
    assert server.password == "planted-mail-password"
    assert "planted" not in repr(server)


async def test_the_pages_take_the_words(service: Service) -> None:
    """What administration says is what header and footer show."""
    await found(service)
    facts = ServiceFacts.read(await settings.service_words(service))
    assert facts.service_name == "Messages"
    assert any("116 123" in line for line in facts.support_lines)
    assert any("08 08 16 89 111" in line for line in facts.support_lines)


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("kind", [*ConsentKind, "privacy"])
def test_every_consent_has_a_wording(kind: str, language: str) -> None:
    """In both languages, with an id that a leaf takes."""
    text = wording.current(kind, language)
    assert text.language == language
    assert text.paragraphs
    assert wording.wording(text.id, language) == text


def test_consent_says_what_it_must() -> None:
    """Copying cannot be prevented; no sentence hangs on it (rule 24); we may have to tell someone."""
    share = " ".join(wording.current(ConsentKind.SHARE).paragraphs)
    assert "copy or photograph" in share
    assert "sentence" in share
    assert "In danger, call 999." in " ".join(wording.current("privacy").paragraphs)


def test_an_unknown_wording_is_not_found() -> None:
    """No text is made up."""
    with pytest.raises(NotFound):
        wording.wording("share-1999-01")

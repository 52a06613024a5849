"""A printed pack for pages and API: what is ours on it, in the language and size of whoever gets it."""

from uuid import UUID

from exchange.core.model import Actor
from exchange.core.needs import takes_large_print
from exchange.steps import printing, settings
from exchange.steps.printing import Words
from exchange.store import read
from exchange.store.read import PersonView
from exchange.store.service import Service
from exchange.web.frame import N_
from exchange.web.frame.i18n import DEFAULT, LANGUAGES, gettext_in
from exchange.web.translated import told

STAFF = (
    N_("Hand this over in person, in a quiet place. Do not read it."),
    N_("The person may say no, or not now. Then send all of it back to us."),
    N_("Stay near, or make sure that somebody they trust is there afterwards."),
    N_("Tell us on the day that it was handed over: %(phone)s"),
    N_("A reply comes back with the last sheet, which carries the codes above."),
)
REPLY = (
    N_(
        "You do not have to. Write here or on other paper, and give it to staff in a closed envelope. We read it "
        "before anyone else does."
    ),
    N_(
        "Put this sheet in with it, so that it finds its way. If you write on other paper, copy the code that begins "
        "with P onto it."
    ),
    N_("Ask us anything first: %(phone)s"),
)
PARTS = {
    "text": N_("The letter in typed words"),
    "transcription": N_("The letter in typed words"),
    "transcript": N_("What is said in the recording"),
}


def is_large(person: PersonView) -> bool:
    """Whether this person's pack is in large print, unless somebody chooses the other."""
    return takes_large_print(person.needs, custody=bool(person.person.custody))


async def pack_pdf(
    service: Service, actor: Actor, message: UUID, release: UUID, *, large: bool | None, language: str | None
) -> bytes:
    """The pack as PDF/UA-1; size and language are the recipient's own where none is asked for."""
    found = await read.message_view(service, actor, message)
    person = await read.person_view(service, actor, found.message.recipient_id)
    wanted = language or person.person.language
    facts = await settings.read(service)
    words = pack_words(
        wanted if wanted in LANGUAGES else DEFAULT, phone=facts.phone, name=found.recipient, signed=found.signature
    )
    size = is_large(person) if large is None else large
    return await printing.make_pdf(service, actor, message, release, large=size, words=words)


def pack_words(language: str, *, phone: str, name: str, signed: str = "") -> Words:
    """All of it; `name` is the recipient's agreed form of name, `signed` how the author signs."""
    say = gettext_in(language)
    return Words(
        language=language,
        title=say("Print pack"),
        case=say("Case"),
        version=say("Version"),
        recipient=say("For: %(name)s") % {"name": name},
        qr=say("The code as a QR code"),
        staff=say("For staff who hand this over"),
        staff_steps=tuple(say(line) % {"phone": phone} for line in STAFF),
        staff_end=say("It does not count for or against anyone's sentence."),
        before=say("Before you read"),
        before_end=say("You can stop at any time. You can talk to us: %(phone)s") % {"phone": phone},
        pages_end=say("Its words stand on sheets of their own, in typed letters."),
        signed=say("Signed: %(name)s") % {"name": signed} if signed else "",
        reply=say("If you want to answer"),
        reply_words=tuple(say(line) % {"phone": phone} for line in REPLY),
        page=lambda at, of: say("Page %(n)s of %(all)s") % {"n": at, "all": of},
        made=lambda facts: told(facts, say),
        part=lambda name: say(PARTS.get(name, N_("Translation"))),
    )

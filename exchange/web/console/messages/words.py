"""Codes of a message's life in the words of its pages. Message ids all."""

from exchange.core.edits import Doing
from exchange.core.gate import Act
from exchange.core.model import Channel, Given, Receiving, ReleaseWay
from exchange.web.frame import N_

NEEDED: dict[Act, str] = {
    Act.PREVIEW: N_("What is still needed before the author can see this version"),
    Act.OFFER: N_("What is still needed before it can be offered"),
    Act.RELEASE: N_("What is still needed before it can be handed over"),
}
TICKS: dict[str, str] = {
    "right_people": N_("It is from the right person, and to the right person."),
    "no_threat": N_("There is no threat in it, and nothing that we must tell someone about."),
    "nobody_else": N_("Nobody else is seen, heard or named in it. Above all: no child."),
    "nothing_locating": N_("Nothing in it says where anyone lives, works, learns or can be reached."),
    "no_pressure": N_("It does not blame, and it does not press for an answer, a meeting or forgiveness."),
}
UNDERSTOOD: dict[str, str] = {
    "myself": N_("I understood every word, myself"),
    "interpreter": N_("I understood every word, through an interpreter"),
    "colleague": N_("I understood every word, with a colleague who speaks the language"),
    "software": N_("I understood every word, through translation software"),
}
RECEIVING: dict[str, str] = {
    Receiving.ALONE: N_("On their own, through a link"),
    Receiving.FACILITATOR: N_("With a facilitator"),
    Receiving.SUPPORTER: N_("With a supporter"),
    Receiving.PRINTED: N_("Printed on paper"),
    Receiving.READ_ALOUD: N_("Read aloud to them"),
}
MAY_LEARN: dict[str, str] = {
    "offered": N_("that it was offered"),
    "accepted": N_("that they want to receive it"),
    "opened": N_("that they have read, heard or seen it"),
}
DOINGS: dict[str, str] = {
    Doing.COVER: N_("Cover it"),
    Doing.BLUR: N_("Blur it"),
    Doing.FACES: N_("Blur every face"),
    Doing.STRIKE: N_("Take words out"),
    Doing.MUTE: N_("Make it silent"),
    Doing.BLEEP: N_("A tone over it"),
    Doing.CUT: N_("Cut it out"),
    Doing.VOICE: N_("Change the voice"),
}
CONCERNS: dict[str, str] = {
    "threat": N_("A threat"),
    "new_crime": N_("A crime that was not known before"),
    "safeguarding": N_("A child or an adult may be at risk"),
    "other": N_("Something else"),
}
OUTCOMES: dict[str, str] = {
    "continue": N_("Go on: it goes back to review"),
    "withhold": N_("Not to be shared"),
}
ABOUT: dict[str, str] = {**CONCERNS, "misfiled": N_("It lies in the wrong case, or under the wrong person")}
ENDED: dict[str, str] = {
    **OUTCOMES,
    "moved": N_("Moved to where it belongs, and erased here"),
    "removed": N_("Taken away: erased here"),
}
GIVEN: dict[str, str] = {
    Given.PAPER: N_("On paper: I copy what they wrote"),
    Given.PHONE: N_("On the phone: they say it, I write it down"),
    Given.IN_PERSON: N_("In person: they say it, I write it down"),
}
COPIES: dict[str, str] = {
    "kept": N_("They keep a copy"),
    "returned": N_("It came back to us"),
    "destroyed": N_("It was destroyed"),
}
WAYS: dict[str, str] = {
    ReleaseWay.LINK: N_("By link"),
    ReleaseWay.WITH_ME: N_("With me"),
    ReleaseWay.PRINTED: N_("Printed"),
}
LINK_CHANNELS: dict[str, str] = {
    Channel.EMAIL: N_("By e-mail"),
    Channel.TEXT: N_("By text message"),
    Channel.PHONE: N_("Read out on the phone"),
    Channel.IN_PERSON: N_("In person, as a QR code"),
    Channel.POST: N_("By post"),
    Channel.PRINT: N_("On paper, through staff where they are"),
}
PURPOSES: dict[str, str] = {
    "submit": N_("to write, record or send something"),
    "preview": N_("to see what would be shared, and decide"),
    "decide": N_("to decide whether to receive something"),
    "view": N_("to read, hear or watch what is there"),
    "stop": N_("to stop or take back"),
}
LINK_STATES: dict[str, str] = {
    "live": N_("Not opened yet"),
    "claimed": N_("Opened"),
    "done": N_("Used"),
    "expired": N_("Ran out"),
    "locked": N_("Locked after wrong codes"),
    "revoked": N_("Taken back"),
}
DECISIONS: dict[str, str] = {
    "approve": N_("Approved"),
    "return": N_("Sent back"),
    "withhold": N_("Not to be shared"),
    "retract": N_("Approval taken back"),
    "after": N_("Approved by a supervisor: its author cannot be asked any more"),
}
TEXTS: dict[str, str] = {
    "transcription": N_("Transcription: what the pages say"),
    "transcript": N_("Transcript: what is said"),
    "captions": N_("Captions: what is said, with times"),
    "translation": N_("Translation"),
}
LANGUAGES: dict[str, str] = {
    "en": "English", "cy": "Cymraeg", "ar": "العربية", "bn": "বাংলা", "es": "Español", "fa": "فارسی",
    "fr": "Français", "gu": "ગુજરાતી", "lt": "Lietuvių", "pa": "ਪੰਜਾਬੀ", "pl": "Polski", "pt": "Português",
    "ro": "Română", "ru": "Русский", "so": "Soomaali", "ta": "தமிழ்", "tr": "Türkçe", "uk": "Українська",
    "ur": "اردو", "zh": "中文",
}  # fmt: skip
PART_NAMES: dict[str, str] = {
    "text": N_("The text"),
    "reading": N_("What a machine reads on the pages"),
    "words": N_("Where each word stands on the pages"),
    "sound": N_("The recording"),
    "picture": N_("The video"),
    "poster": N_("The first picture"),
    "storyboard": N_("Small pictures of the video"),
    "waveform": N_("The picture of the sound"),
    **TEXTS,
}

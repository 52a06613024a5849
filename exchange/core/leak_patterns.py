"""Patterns of what tells who or where somebody is: the kinds of rule 17, as people in Britain write and say them.

Every repetition is bounded, so that a hostile text costs no more than a long one. `CUED` ones count only where the
words before them say what they are; the group `mark` is what is marked.
"""

import re
from typing import Literal, TypeAlias

LeakKind: TypeAlias = Literal[
    "phone", "email", "link", "handle", "postcode", "address", "plate", "number", "birth", "place", "own"
]

_MONTH = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    "|Nov(?:ember)?|Dec(?:ember)?|Ionawr|Chwefror|Mawrth|Ebrill|Mai|Mehefin|Gorffennaf|Awst|Medi|Hydref|Tachwedd|Rhagfyr"
)
_DATE = (
    r"(?:\d{1,2}[./ -]\d{1,2}[./ -](?:19|20)?\d{2}|(?:19|20)\d{2}-\d{2}-\d{2}"
    rf"|(?:the\s)?\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?(?:{_MONTH})(?:,?\s(?:19|20)\d{{2}})?"
    rf"|(?:{_MONTH})\s(?:the\s)?\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s(?:19|20)\d{{2}})?)"
)
_SAID = (
    "oh|nought|zero|one|two|three|four|five|six|seven|eight|nine|double|treble|triple|hundred|dim|un|dau|tri|pedwar"
    "|pump|chwech|saith|wyth|naw"
)
_NAMED = r"(?:(?-i:[A-ZÂÊÎÔÛŴŶÁÉÍÓÚÀÈÌÒÙÄËÏÖÜ])[\w'’-]{1,30}|(?-i:[A-Z]{2,5}))"
_OF = r"(?:of|the|and|y|yr|St\.?|'s)"
_NAMES = rf"{_NAMED}(?:[ ](?:{_OF}[ ])?{_NAMED}){{0,3}}"
_STREET = (
    "Street|Road|Avenue|Lane|Close|Drive|Crescent|Gardens|Grove|Terrace|Mews|Parade|Estate|Rise|Walk|Way|Court|Place"
    "|Square|Row|Hill|View|Green|Park|House|Flats|Cottages?|St|Rd|Ave|Ln|Cres|Gdns|Tce"
)
_SURE_STREET = "Street|Road|Avenue|Lane|Crescent|Terrace|Mews|Gardens|Close|Rd|Ave"
_WELSH_STREET = "Heol|Ffordd|Stryd|Lôn|Rhodfa|Clos|Teras|Maes"
_SITES = (
    "instagram|insta|snapchat|snap|tiktok|tik tok|facebook|fb|discord|telegram|twitter|xbox|psn|twitch|reddit|whatsapp"
)
_ENDING = "com|co\\.uk|org\\.uk|ac\\.uk|gov\\.uk|org|net|uk|cymru|wales|info|io|tv|gg|me|ly|eu"
_DOT = r"\s?(?:\.|\(dot\)|\[dot\]|(?<=\s)dot(?=\s)|(?<=\s)dot\b)\s?"

SURE: dict[LeakKind, str] = {
    "email": r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\])\s?[a-z0-9-]{1,63}(?:" + _DOT + r"[a-z0-9-]{2,24}){1,4}"
    r"|[\w.+-]{1,64} at [a-z0-9-]{1,63}(?:(?: dot |\.)[a-z]{2,24}){1,4}",
    "link": rf"https?://\S{{1,500}}|www\.\S{{1,500}}|(?<![\w@.-])[a-z0-9][a-z0-9-]{{1,62}}(?:\.[a-z0-9-]{{1,63}}){{0,3}}\.(?:{_ENDING})(?![\w])(?:/\S{{0,300}})?",
    "handle": r"(?<![\w@./])@[a-z0-9_][a-z0-9_.]{1,29}",
    "phone": r"(?<![\w£$€])(?:\+|\(?0)\(?\d(?:[ \-.()/]{0,3}\d){8,13}(?!\w)"
    rf"|(?<!\w)(?:(?:{_SAID})[ ,.-]{{1,3}}){{6,16}}(?:{_SAID})(?!\w)"
    rf"|(?<!\w)0\d{{2,4}}[ ,-]{{1,2}}(?:(?:{_SAID}|\d{{1,4}})[ ,-]{{1,2}}){{1,8}}(?:{_SAID}|\d{{2,6}})(?!\w)",
    "postcode": r"(?<!\w)(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? {0,2}\d[ABD-HJLNP-UW-Z]{2})(?!\w)",
    "number": r"(?<!\w)(?:[A-CEGHJ-PR-TW-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]|[A-Z]\d{4}[A-Z]{2})(?!\w)",
    "plate": r"(?<!\w)(?:[A-Z]{2}\d{2} ?[A-Z]{3}|(?-i:[A-Z]\d{1,3} ?[A-Z]{3}|[A-Z]{3} ?\d{1,3}[A-Z]))(?!\w)",
    "address": rf"(?<!\w)(?:(?:flat|fflat|unit|room|apartment) \w{{1,4}},? )?\d{{1,4}}[a-z]?,?"
    rf" {_NAMED}(?: {_NAMED}){{0,3}} (?:{_STREET})(?!\w)"
    rf"|(?<!\w)(?:flat|fflat|apartment) \d{{1,4}}[a-z]?(?:,? {_NAMES})?"
    rf"|(?<!\w){_NAMED}(?: {_NAMED}){{0,2}} (?-i:{_SURE_STREET})(?!\w)"
    rf"|(?<!\w)(?:\d{{1,4}}[a-z]?,? )?(?-i:{_WELSH_STREET})(?: (?-i:y|yr|Y|Yr))? {_NAMED}(?: {_NAMED}){{0,2}}",
    "place": rf"(?<!\w){_NAMES}"
    rf" (?-i:School|College|Academy|Primary|Nursery|University|Hospital|Prison|Surgery|Mosque|Church"
    rf"|Hostel|Refuge|Station)(?!\w)|(?<!\w)(?-i:HMP|YOI|HMYOI|Ysgol|Coleg|Ysbyty) {_NAMES}",
}  # fmt: skip
CUED: dict[LeakKind, str] = {
    "phone": r"(?:ring|call|text|phone|number|mobile|tel|ffon|ffoniwch|whatsapp)[^\d\n]{0,30}?"
    r"(?P<mark>\d(?:[ -]{0,2}\d){5,14})(?!\w)",
    "birth": r"(?:born|birthday|d\.?o\.?b\.?|date of birth|birth date|turned|geni|ganwyd|[pmb]h?en-?blwydd)"
    rf"[^\n.!?\d]{{0,40}}?(?P<mark>{_DATE})",
    "handle": rf"(?<!\w)(?:{_SITES})\b[^\n.!?]{{0,12}}?(?: is|:| as| under| name| user| called|=|,| -)\s?"
    r"(?:name |is |called )?(?P<mark>[a-z0-9_][a-z0-9_.]{2,29})(?!\w)",
    "number": r"(?:nhs|prison|national insurance|passport|licence|account|sort code)[^\d\n]{0,25}?"
    r"(?P<mark>[A-Z]{0,5}\d(?:[ -]?[A-Z\d]){5,17})(?!\w)",
    "plate": r"(?:reg(?:istration)?|number plate|plates?|rhif cofrestru)\b[^\n]{0,20}?"
    r"(?P<mark>(?-i:[A-Z]{1,3} ?\d{1,4}|\d{1,4} ?[A-Z]{1,3}))(?!\w)",
    "place": r"(?:live[sd]?|living|stay(?:s|ed|ing)|moved|moving|work(?:s|ed|ing)?|byw|gweithio|goes|go|based)"
    rf" (?:just |back |over |up |down |out )?(?:in|at|near|to|by|for|yn|ym|ger|round) (?:the )?(?P<mark>{_NAMES})",
}  # fmt: skip
PATTERNS = [
    *((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in SURE.items()),
    *((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in CUED.items()),
]

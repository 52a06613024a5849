"""The tables (SQLAlchemy Core). Personal and free text stands only in columns ending in `_sealed`.

`service_` what runs the service · `people` staff · `sign_in` their other ways in · `cases` cases, participants,
facts · `life` what practice writes down · `messages` messages, uploads, revisions · `decisions` what was decided and
what is in force · `links` links, sessions, grants · `standing` conflicts of interest, emergencies · `erasing`
erasures, legal holds · `notices` notices to participants · `rights` what people ask about themselves · `workshop` what
is taken out of messages · `early` what is heard before there is a version · `paper` what went out on paper ·
`withholding` telling the author, and appeals · `supervision` of cases · `dialogue` ground rules · `figures` what was
counted · `webhooks` whom it tells by machine · `wordings` its own words of consents ·
`refiling` what lay in the wrong case · `piles` scanned piles of replies. The
ledger's tables stand in `ledger.sql`, the queue's in procrastinate.
"""

from exchange.store.tables.base import metadata, plain
from exchange.store.tables.cases import assignment, cases, code, fact, participant, referral, safe_contact
from exchange.store.tables.decisions import (
    approval_current,
    concern,
    concern_note,
    consent,
    mark_left,
    offer,
    receive_current,
    release,
    review,
    review_note,
    share_current,
    spoken,
)
from exchange.store.tables.dialogue import ground_rules, rules_agreed
from exchange.store.tables.early import early
from exchange.store.tables.erasing import erasure, legal_hold
from exchange.store.tables.figures import figure
from exchange.store.tables.life import assessment, assessment_form, assessment_part, closing_decision, diary
from exchange.store.tables.links import access_leaf, feedback, grant, link, portal_session
from exchange.store.tables.messages import draft, message, part, piece, revision, upload
from exchange.store.tables.notices import notice, notice_wish
from exchange.store.tables.paper import dictation, printed_pack
from exchange.store.tables.people import account, account_session, api_token, passkey, passkey_challenge
from exchange.store.tables.piles import pile, pile_page, pile_part
from exchange.store.tables.refiling import refiling
from exchange.store.tables.rights import closing, disclosure, own_copy, own_copy_item, rectification
from exchange.store.tables.service_ import key_pair, mail_sent, reap, scrub, service_setting, task
from exchange.store.tables.sign_in import recovery_code, sign_on, sign_on_attempt
from exchange.store.tables.standing import bar, emergency
from exchange.store.tables.supervision import loosened, supervision
from exchange.store.tables.webhooks import webhook, webhook_delivery, webhook_event
from exchange.store.tables.withholding import appeal, told
from exchange.store.tables.wordings import wording
from exchange.store.tables.workshop import caption_draft, edit, making

__all__ = [
    "access_leaf",
    "account",
    "account_session",
    "api_token",
    "appeal",
    "approval_current",
    "assessment",
    "assessment_form",
    "assessment_part",
    "assignment",
    "bar",
    "caption_draft",
    "cases",
    "closing",
    "closing_decision",
    "code",
    "concern",
    "concern_note",
    "consent",
    "diary",
    "dictation",
    "disclosure",
    "draft",
    "early",
    "edit",
    "emergency",
    "erasure",
    "fact",
    "feedback",
    "figure",
    "grant",
    "ground_rules",
    "key_pair",
    "legal_hold",
    "link",
    "loosened",
    "mail_sent",
    "making",
    "mark_left",
    "message",
    "metadata",
    "notice",
    "notice_wish",
    "offer",
    "own_copy",
    "own_copy_item",
    "part",
    "participant",
    "passkey",
    "passkey_challenge",
    "piece",
    "pile",
    "pile_page",
    "pile_part",
    "plain",
    "portal_session",
    "printed_pack",
    "reap",
    "receive_current",
    "recovery_code",
    "rectification",
    "referral",
    "refiling",
    "release",
    "review",
    "review_note",
    "revision",
    "rules_agreed",
    "safe_contact",
    "scrub",
    "service_setting",
    "share_current",
    "sign_on",
    "sign_on_attempt",
    "spoken",
    "supervision",
    "task",
    "told",
    "upload",
    "webhook",
    "webhook_delivery",
    "webhook_event",
    "wording",
]

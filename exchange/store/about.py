"""What the gate's facts are made of but facts and consents: one row about one message, by one statement.

Parameters: `message`, `case`, `author`, `recipient`, `digest` (None: the newest), with `ASKED` also `asker`.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, bindparam, func, literal, or_, select, true

from exchange.core.closing import What, Word
from exchange.core.gate import UNSEEN
from exchange.core.model import ConsentKind, Side
from exchange.store import near
from exchange.store import tables as t
from exchange.store.dates import assessment_until


def _about(*, asked: bool) -> Select[Any]:
    """One row about one message and its case; `asked`: with what the account `asker` is to it (not for the portal)."""
    case, message = bindparam("case", type_=Uuid), bindparam("message", type_=Uuid)
    c, r, newest = t.cases, t.review, _newest_revision(message)
    wanted = func.coalesce(bindparam("digest", type_=Text), newest.c.digest)
    given = select(func.json_agg(func.json_build_array(r.c.account_id, r.c.digest, r.c.assigned, r.c.decision)))
    in_force = (r.c.message_id == message, r.c.decision.in_(("approve", "after")), r.c.void_at.is_(None))
    columns = [
        c.c.state, c.c.policy, assessment_until().label("assessment_until"),
        newest.c.digest.label("newest_digest"), newest.c.clean,
        _any(t.concern.c.message_id == message, t.concern.c.ended_at.is_(None)).label("concern"),
        _shared_at(message, wanted).label("shared_at"),
        _said_beforehand(message, bindparam("author", type_=Uuid)).label("said_beforehand"),
        _rules(case).label("rules"),
        func.array(_agreed(case)).label("agreed"),
        _harmed_wrote(case).label("harmed_wrote"),
        select(t.receive_current.c.since).where(t.receive_current.c.message_id == message)
        .scalar_subquery().label("accepted_at"),
        # approvals that no later revision, return or retraction has voided, and a supervisor's after a death
        given.where(*in_force).scalar_subquery().label("approvals"),
        func.array(_touched(message)).label("touched"),
        _side_and_age(bindparam("author", type_=Uuid)).label("author"),
        _side_and_age(bindparam("recipient", type_=Uuid)).label("recipient"),
    ]  # fmt: skip
    if asked:
        asker = bindparam("asker", type_=Uuid)
        columns += [on_the_team(case, asker).label("asker_assigned")]
        columns += [near.in_emergency(case, asker).label("asker_in_emergency")]
    return select(*columns).select_from(c.outerjoin(newest, true())).where(c.c.id == case)


def _any(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(literal(1)).where(*conditions).exists()


def _newest_revision(message: Any) -> Any:
    r = t.revision
    query = select(r.c.digest, r.c.clean).where(r.c.message_id == message)
    return query.order_by(r.c.number.desc()).limit(1).subquery("newest")


def _shared_at(message: Any, digest: Any) -> Any:
    """When the author's yes to this version was said that is in force; NULL for none."""
    s, c = t.share_current, t.consent
    query = select(c.c.at).join(s, s.c.consent_id == c.c.id)
    return query.where(s.c.message_id == message, s.c.digest == digest).scalar_subquery()


def _said_beforehand(message: Any, author: Any) -> Any:
    """The author's newest word on this message, and when: share it when I have died or cannot be reached.

    What was said before they left, or before their yes to taking part ended with the case, is asked anew.
    """
    c, left = t.consent, t.consent.alias()
    no = (left.c.kind == ConsentKind.TAKE_PART, left.c.given.is_(False), left.c.number > c.c.number)
    since = select(left.c.id).where(left.c.participant_id == author, *no).exists()
    mine = (c.c.message_id == message, c.c.participant_id == author, c.c.kind == ConsentKind.SHARE_AFTER)
    newest = select(func.json_build_array(c.c.given, c.c.at)).where(*mine, ~since, ~ended_with_the_case(c))
    return newest.order_by(c.c.number.desc()).limit(1).scalar_subquery()


def ended_with_the_case(consent: Any) -> ColumnElement[bool]:
    """Whether a closing has ended what this person had agreed to until then."""
    d = t.closing_decision
    about_it = (d.c.about == consent.c.participant_id, d.c.what == What.CONSENT, d.c.word == Word.END)
    return select(d.c.about).where(*about_it, d.c.applied_at >= consent.c.at).exists()


def _rules(case: Any) -> Any:
    """The newest ground rules of the case; NULL where there are none."""
    g = t.ground_rules
    return select(g.c.id).where(g.c.case_id == case).order_by(g.c.number.desc()).limit(1).scalar_subquery()


def _agreed(case: Any) -> Any:
    """Who agreed to them."""
    a = t.rules_agreed
    return select(a.c.participant_id).where(a.c.rules_id == _rules(case)).scalar_subquery()


def _harmed_wrote(case: Any) -> ColumnElement[bool]:
    """Whether the harmed person has put in a message to somebody, and it was found to be safe (rule 13).

    A letter never to be sent starts nothing: nobody is told of it, so nothing may follow from it. Nor does one that was
    given up before it was safe: it has no version, whatever became of it afterwards.
    """
    m, p, r = t.message, t.participant, t.revision
    safe = select(r.c.id).where(r.c.message_id == m.c.id, r.c.clean).exists()
    theirs = select(m.c.id).join(p, p.c.id == m.c.author_id).where(m.c.case_id == case, p.c.side == Side.HARMED)
    return theirs.where(m.c.never_sent.is_(False), m.c.state.not_in(UNSEEN), safe).exists()


def _touched(message: Any) -> Any:
    """Staff who put the message in or made one of its revisions."""
    r, u = t.revision, t.upload
    made = select(r.c.made_by).where(r.c.message_id == message, r.c.made_by.is_not(None))
    sent = select(u.c.account_id).where(u.c.message_id == message, u.c.account_id.is_not(None))
    return made.union(sent).scalar_subquery()


def _side_and_age(person: Any) -> Any:
    p = t.participant
    return (
        select(func.json_build_array(p.c.side, p.c.under_18, p.c.of_age_at)).where(p.c.id == person).scalar_subquery()
    )


def on_the_team(case: Any, account: Any) -> ColumnElement[bool]:
    """Whether the account is assigned to the case now, or is its cover."""
    a, c = t.assignment, t.cases.alias()
    assigned = select(a.c.id).where(a.c.case_id == case, a.c.account_id == account, a.c.until.is_(None))
    return or_(assigned.exists(), select(c.c.id).where(c.c.id == case, c.c.cover_id == account).exists())


# made once: neither their text nor its key is made again for a request
MESSAGE, ASKED = _about(asked=False), _about(asked=True)

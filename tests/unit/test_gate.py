"""The gate, tried exhaustively: every state and event, every act with every one and two things missing."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exchange.core import gate
from exchange.core.checklist import REASONS
from exchange.core.errors import Refused
from exchange.core.gate import ASKED, CONDITIONS, Act, Approval, Facts, Grant, Person
from exchange.core.model import Event, State, Status
from exchange.core.waiting import GROUPS, WAITING

NOW = datetime(2026, 3, 3, 14, 15, tzinfo=UTC)
ONE, TWO, EDITOR = UUID(int=1), UUID(int=2), UUID(int=3)
DIGEST = "ab" * 32
PERSON = Person(True, True, Status.ACTIVE, True, True, True, (), decided_at=NOW, asked_at=NOW, agreed_rules=True)
GOOD = Facts(
    state=State.RELEASED,
    case_open=True,
    paused=False,
    hold=False,
    contact_order=False,
    assessment_until=NOW + timedelta(days=1),
    author=PERSON,
    recipient=replace(PERSON, responsible=False),
    digest=DIGEST,
    newest_digest=DIGEST,
    clean=True,
    approvals=(Approval(ONE, DIGEST, True),),
    four_eyes=False,
    share=True,
    receive=True,
    grant=Grant(DIGEST, own=True, live=True, until=NOW + timedelta(days=1)),
    asker_assigned=True,
    harmed_must_start=False,
    never_sent=False,
    accepted_at=NOW,
    shared_at=NOW,
    consent_days=30,
)
BEFORE, LONG_AGO = NOW - timedelta(seconds=1), NOW - timedelta(days=30, seconds=1)

Change = Callable[[Facts], Facts]


def author(**values: Any) -> Change:
    """Something about the author."""
    return lambda f: replace(f, author=replace(f.author, **values))


def recipient(**values: Any) -> Change:
    """Something about the recipient."""
    return lambda f: replace(f, recipient=replace(f.recipient, **values))


def facts(**values: Any) -> Change:
    """Something about message or case."""
    return lambda f: replace(f, **values)


def lent(**values: Any) -> Change:
    """Something about the grant."""
    return lambda f: replace(f, grant=replace(f.grant, **values) if f.grant else None)


BOTH = {Act.OFFER, Act.RELEASE, Act.PRESENT, Act.PRINT, Act.VIEW}
READ = {Act.RELEASE, Act.PRESENT, Act.PRINT, Act.VIEW}
CONTENT = BOTH | {Act.PREVIEW}
CASE = CONTENT | {Act.SUBMIT}
# What is missing, the code it must give, and the acts that must ask for it (DESIGN section 6, by hand).
MISSING: dict[str, tuple[Change, str, set[Act]]] = {
    "closed": (facts(case_open=False), "case_closed", CASE),
    "paused": (facts(paused=True), "case_paused", CASE),
    "hold": (facts(hold=True), "safety_hold", CASE),
    "order": (facts(contact_order=True), "contact_order", CASE),
    "author out": (author(takes_part=False), "author_takes_part", CASE),
    "author unable": (author(status=Status.LACKS_CAPACITY), "author_status", CASE),
    "author died": (author(status=Status.DIED), "said_beforehand", BOTH),
    "author lost": (author(status=Status.LOST_CONTACT), "said_beforehand", BOTH),
    "author died, said share": (
        lambda f: replace(f, author=replace(f.author, status=Status.DIED), share_after=True),
        "approval_after",
        BOTH,
    ),
    "author of age": (author(of_age_at=NOW, decided_at=BEFORE), "author_of_age", CASE),
    "recipient of age": (recipient(of_age_at=NOW, decided_at=BEFORE), "recipient_of_age", BOTH),
    "author unknown": (author(status=None), "author_status", CASE),
    "recipient out": (recipient(takes_part=False), "recipient_takes_part", BOTH),
    "recipient lost": (recipient(status=Status.LOST_CONTACT), "recipient_status", BOTH),
    "never assessed": (facts(assessment_until=None), "assessment", BOTH),
    "assessment over": (facts(assessment_until=NOW), "assessment", BOTH),
    "not clean": (facts(clean=False), "not_clean", CONTENT),
    "older version": (facts(newest_digest="cd" * 32), "not_newest", CONTENT),
    "unapproved": (facts(approvals=()), "approval", CONTENT),
    "other approved": (facts(approvals=(Approval(ONE, "cd" * 32, True),)), "approval", CONTENT),
    "outsider approved": (facts(approvals=(Approval(ONE, DIGEST, False),)), "approval", CONTENT),
    "one of four eyes": (facts(four_eyes=True), "second_approval", CONTENT),
    "not shared": (facts(share=False), "share_consent", BOTH),
    "not accepted": (facts(receive=False), "receive_consent", READ),
    "author guardian": (author(missing_support=("guardian",)), "author_guardian", CONTENT),
    "recipient interpreter": (recipient(missing_support=("interpreter",)), "recipient_interpreter", BOTH),
    "expired": (facts(expires_at=NOW), "expired", CONTENT),
    "no grant": (facts(grant=None), "grant", {Act.VIEW}),
    "another's grant": (lent(own=False), "grant", {Act.VIEW}),
    "dead grant": (lent(live=False), "grant", {Act.VIEW}),
    "other version's grant": (lent(digest="cd" * 32), "grant", {Act.VIEW}),
    "window over": (lent(until=NOW), "window", {Act.VIEW}),
    "not to be asked": (recipient(may_be_asked=False), "be_asked", {Act.OFFER}),
    "not assigned": (facts(asker_assigned=False), "assignment", {Act.REVIEW, Act.PRESENT, Act.PRINT}),
    "yes to taking part is old": (author(decided_at=LONG_AGO), "author_consent_old", {Act.OFFER}),
    "recipient's yes is old": (recipient(decided_at=LONG_AGO), "recipient_consent_old", {Act.OFFER}),
    "yes to being asked is old": (recipient(asked_at=LONG_AGO), "be_asked_old", {Act.OFFER}),
    "yes to sharing is old": (facts(shared_at=LONG_AGO), "share_old", {Act.OFFER}),
    "no ground rules": (author(agreed_rules=False), "ground_rules", {Act.SUBMIT}),
    "unprepared": (author(prepared=False), "preparation", {Act.SUBMIT}),
    "harmed first": (facts(harmed_must_start=True), "harmed_starts", {Act.SUBMIT}),
    "cooling off": (facts(cooling_days=1), "cooling_off", READ),
    "accepted nobody knows when": (facts(accepted_at=None), "cooling_off", READ),
    "never to be sent": (facts(never_sent=True), "never_sent", CONTENT),
    "no responsibility": (author(accepts_responsibility=False), "responsibility", {Act.SUBMIT}),
}
SHAREABLE = {"approved", "offered", "accepted", "declined", "later", "released", "opened", "lapsed"}
# What is asked where the author has died or cannot be reached; they themselves are asked nothing any more.
GONE = {"said_beforehand", "approval_after"}
# What was said before the 18th birthday does not count after it: two things that are missing, and a third for it.
TOGETHER = {
    frozenset({"author of age", "yes to sharing is old"}): ("share_consent", BOTH),
    frozenset({"recipient of age", "accepted nobody knows when"}): ("receive_consent", READ),
    frozenset({"recipient of age", "yes to being asked is old"}): ("be_asked", {Act.OFFER}),
}
# One stands in front of the other inside one condition: only the first is reported.
HIDES = {
    "not_clean": {"not_newest"},
    "approval": {"second_approval"},
    "grant": {"window"},
    "receive_consent": {"cooling_off"},
}


def expected(act: Act, names: tuple[str, ...], state: State) -> set[str]:
    """What the gate must say, by the table above."""
    codes = {MISSING[name][1] for name in names if act in MISSING[name][2]}
    if act in CASE - BOTH and any(MISSING[name][1] in GONE for name in names):
        codes.add("author_status")
    if act in CONTENT and state not in SHAREABLE:
        codes.add("stopped")
    if act in CASE and state is State.CONCERN:
        codes.add("safety_hold")
    if "never to be sent" in names:  # it is written for oneself: no rules of an exchange are asked
        codes.discard("ground_rules")
    also = {code for pair, (code, acts) in TOGETHER.items() if pair <= set(names) and act in acts}
    return codes - {hidden for code in codes for hidden in HIDES.get(code, ())} | also


def try_all(states_of_pairs: tuple[State, ...]) -> int:
    """Every act, every one thing missing in every state, every two things missing in the given states."""
    tried = 0
    ones = [(), *((name,) for name in MISSING)]
    for names in (*ones, *itertools.combinations(MISSING, 2)):
        changed = GOOD
        for name in names:
            changed = MISSING[name][0](changed)
        for state in State if len(names) < 2 else states_of_pairs:
            known = replace(changed, state=state)
            for act in Act:
                said = gate.explain(act, known, NOW)
                wanted = expected(act, names, state)
                assert {r.code for r in said.reasons} == wanted or _overlap(names, said, wanted), (act, names, state)
                assert said.allowed is (wanted == set()), (act, names, state)
                tried += 1
    return tried


def test_every_act_with_every_one_and_two_things_missing() -> None:
    """8 acts, 45 things that can be missing: the gate says exactly what the table says (30,752 questions)."""
    tried = try_all((State.RELEASED, State.IN_REVIEW, State.CONCERN))
    assert tried == len(Act) * (len(State) * 46 + 3 * 990)


def _overlap(names: tuple[str, ...], said: gate.Verdict, wanted: set[str]) -> bool:
    """Two changes of one field: the later one counts, so the gate may report fewer, never none of them.

    And who has come of age since is asked anew also what they said beforehand.
    """
    found = {r.code for r in said.reasons}
    fields = {MISSING[n][1] for n in names} | ({"said_beforehand"} if "author of age" in names else set())
    return len(names) == 2 and bool(found) and found <= wanted | fields


def test_transitions_are_exactly_the_written_ones() -> None:
    """19 states × 25 events: the table is the one in tests/vectors/gate/transitions.txt; all others refuse."""
    written = (Path(__file__).parent.parent / "vectors/gate/transitions.txt").read_text().split("\n")
    golden = {tuple(line.split()) for line in written if line and not line.startswith("#")}
    assert {(str(s), str(e), str(a)) for (s, e), a in gate.TRANSITIONS.items()} == golden
    allowed = {(s, e) for s, e, _ in golden}
    for state, event in itertools.product(State, Event):
        if (state, event) in allowed:
            assert gate.move(state, event, never_sent=event is Event.KEEP) == gate.TRANSITIONS[state, event]
        else:
            with pytest.raises(Refused):
                gate.move(state, event)


@pytest.mark.parametrize("number", CONDITIONS)
def test_a_crashing_check_means_no(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a check raises, the acts that ask it are refused."""

    def crash(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(CONDITIONS, number, crash)
    for act in Act:
        verdict = gate.explain(act, GOOD, NOW)
        assert verdict.allowed is (number not in ASKED[act])
        assert {r.code for r in verdict.reasons} <= {"check_failed"}


def test_each_condition_of_each_act_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take any one condition away from any act: something that was refused would be allowed."""
    singles = {name: change(GOOD) for name, (change, _, _) in MISSING.items()}
    singles |= {state: replace(GOOD, state=state) for state in State}
    for act, numbers in ASKED.items():
        before = {name: gate.explain(act, known, NOW).allowed for name, known in singles.items()}
        for number in numbers:
            monkeypatch.setitem(ASKED, act, tuple(n for n in numbers if n != number))
            after = {name: gate.explain(act, known, NOW).allowed for name, known in singles.items()}
            assert any(after[name] and not before[name] for name in singles), (act, number)
        monkeypatch.setitem(ASKED, act, numbers)


def test_four_eyes_needs_two_who_never_touched_it() -> None:
    """Under four eyes, whoever put it in or edited it does not count."""
    two = (Approval(ONE, DIGEST, True), Approval(TWO, DIGEST, True))
    ok = replace(GOOD, four_eyes=True, approvals=two)
    assert gate.explain(Act.VIEW, ok, NOW).allowed
    touched = replace(ok, touched_by=frozenset({TWO}))
    assert [r.code for r in gate.explain(Act.VIEW, touched, NOW).reasons] == ["second_approval"]
    three = replace(touched, approvals=(*two, Approval(EDITOR, DIGEST, True)))
    assert gate.explain(Act.VIEW, three, NOW).allowed


def test_a_carve_out_lifts_the_order_only() -> None:
    """Rule 14: a recorded exception lifts the contact order, and nothing else."""
    ordered = replace(GOOD, contact_order=True, carve_out=True)
    assert gate.explain(Act.VIEW, ordered, NOW).allowed
    held = replace(ordered, hold=True)
    assert [r.code for r in gate.explain(Act.VIEW, held, NOW).reasons] == ["safety_hold"]


def test_facts_default_to_no() -> None:
    """What nobody recorded is not there: bare facts allow nothing at all."""
    assert not any(gate.explain(act, Facts(), NOW).allowed for act in Act)


def test_every_reason_has_words() -> None:
    """Whatever the gate can say, the checklist can put in words, and has no words for nothing."""
    said = {code for _, code, _ in MISSING.values()} | {"stopped", "check_failed", "window"}
    support = {f"{who}_{kind}" for who in ("author", "recipient") for kind in ("guardian", "supporter", "interpreter")}
    assert said | support == set(REASONS)


def test_every_state_is_on_somebodys_list() -> None:
    """Rule 25: each state has an owner; a non-final one also a clock and a next event that the table knows."""
    assert set(WAITING) == set(State)
    for state, wait in WAITING.items():
        if state in gate.FINAL:
            assert wait.owner == "nobody"
            continue
        assert wait.owner != "nobody"
        assert wait.days is not None
        assert (state, wait.next) in gate.TRANSITIONS
        assert wait.group in ("", *GROUPS)


@pytest.mark.parametrize("act", list(Act))
def test_an_emergency_lets_look_and_nothing_else(act: Act) -> None:
    """Somebody who is not on the case but opened it in an emergency passes at review only."""
    outsider = replace(GOOD, asker_assigned=False)
    inside = replace(outsider, asker_in_emergency=True)
    without, with_it = ({r.code for r in gate.explain(act, one, NOW).reasons} for one in (outsider, inside))
    assert without - with_it == ({"assignment"} if act is Act.REVIEW else set())
    assert with_it <= without


def test_rule_13_a_letter_never_to_be_sent_is_refused_in_every_state() -> None:
    """Every act that shares, in every state, whatever else holds; no event leads it to where something is shared."""
    sharing = set(Act) - {Act.SUBMIT, Act.REVIEW}
    for state, act in itertools.product(State, sharing):
        said = gate.explain(act, replace(GOOD, state=state, never_sent=True), NOW)
        assert "never_sent" in {r.code for r in said.reasons}, (state, act)
    reached, frontier = {State.RECEIVING}, [State.RECEIVING]
    while frontier:
        here = frontier.pop()
        for event in gate.NEVER_SENT & {e for s, e in gate.TRANSITIONS if s is here}:
            after = gate.move(here, event, never_sent=True)
            frontier += [after] if after not in reached else []
            reached.add(after)
    assert not reached & gate.SHAREABLE
    assert State.KEPT in reached
    for state, event in itertools.product(State, set(Event) - gate.NEVER_SENT):
        with pytest.raises(Refused):
            gate.move(state, event, never_sent=True)


def test_cooling_off_counts_from_the_yes_in_whole_days() -> None:
    """Handing over is refused until the last of the days is over, then allowed; the offer does not wait for it."""
    waiting = replace(GOOD, cooling_days=7, accepted_at=NOW - timedelta(days=7) + timedelta(seconds=1))
    over = replace(waiting, accepted_at=NOW - timedelta(days=7))
    for act in READ:
        assert [r.code for r in gate.explain(act, waiting, NOW).reasons] == ["cooling_off"]
        assert gate.explain(act, over, NOW).allowed
    assert gate.explain(Act.OFFER, waiting, NOW).allowed


def test_after_death_it_goes_only_with_what_was_said_beforehand_and_a_supervisors_second_approval() -> None:
    """Their own word, and two people who look: the second one never touched it and is not the first."""
    approved = Approval(ONE, DIGEST, True)
    for status in (Status.DIED, Status.LOST_CONTACT):
        gone = replace(GOOD, author=replace(PERSON, status=status))
        said = replace(gone, share_after=True)
        second = replace(said, after_approvals=(Approval(TWO, DIGEST, False),))
        for act in BOTH:
            assert gate.explain(act, second, NOW).allowed, (status, act)
            for less, code in (
                (gone, "said_beforehand"),
                (said, "approval_after"),
                (replace(second, share_after=False), "said_beforehand"),
                (replace(second, author=replace(gone.author, of_age_at=NOW), said_at=BEFORE), "said_beforehand"),
                (replace(second, author=replace(gone.author, of_age_at=NOW), said_at=None), "said_beforehand"),
                (replace(second, touched_by=frozenset({TWO})), "approval_after"),
                (replace(said, after_approvals=(approved,)), "approval_after"),
                (replace(said, after_approvals=(Approval(TWO, "cd" * 32, False),)), "approval_after"),
                (replace(second, share=False), "share_consent"),
            ):
                assert [r.code for r in gate.explain(act, less, NOW).reasons] == [code], (status, act)
        for act in (Act.PREVIEW, Act.SUBMIT):
            assert [r.code for r in gate.explain(act, second, NOW).reasons] == ["author_status"], (status, act)


def test_coming_of_age_ends_what_was_decided_before_on_that_very_day() -> None:
    """Every yes of before: to take part, to be asked, to share, to receive; given anew they count."""
    for who, act in (("author", Act.OFFER), ("recipient", Act.RELEASE)):
        child = replace(getattr(GOOD, who), of_age_at=NOW, decided_at=BEFORE, asked_at=BEFORE)
        facts_then = replace(GOOD, **{who: child}, shared_at=BEFORE, accepted_at=BEFORE)
        assert gate.explain(act, facts_then, BEFORE).allowed, who
        now = {r.code for r in gate.explain(act, facts_then, NOW).reasons}
        assert now == {f"{who}_of_age", "share_consent" if who == "author" else "receive_consent"}
        anew = replace(child, decided_at=NOW, asked_at=NOW)
        assert gate.explain(act, replace(facts_then, **{who: anew}, shared_at=NOW, accepted_at=NOW), NOW).allowed
    unasked = replace(GOOD, recipient=replace(GOOD.recipient, of_age_at=NOW, asked_at=BEFORE))
    assert [r.code for r in gate.explain(Act.OFFER, unasked, NOW).reasons] == ["be_asked"]


def test_a_yes_is_old_after_the_days_of_the_policy_and_only_an_offer_asks() -> None:
    """Rules 2 and 5: what may wait for years is asked anew before it is offered."""
    at_the_end = replace(GOOD, shared_at=NOW - timedelta(days=30))
    assert gate.explain(Act.OFFER, at_the_end, NOW).allowed
    old = replace(GOOD, shared_at=LONG_AGO)
    assert [r.code for r in gate.explain(Act.OFFER, old, NOW).reasons] == ["share_old"]
    assert all(gate.explain(act, old, NOW).allowed for act in READ)
    assert [r.code for r in gate.explain(Act.OFFER, replace(GOOD, shared_at=None), NOW).reasons] == ["share_old"]

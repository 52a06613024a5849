"""The stages of a case (`core/stages.py`) as a task list: what is done, what comes next, and where to do it."""

from datetime import datetime
from uuid import UUID

from exchange.core.model import State
from exchange.core.stages import Someone, Stage, Standing, Story, standing
from exchange.store.read import CaseView
from exchange.web.console.checks import DONE, NEEDED, NOTE, Check, Known
from exchange.web.frame import N_, gettext

TITLES: dict[Stage, str] = {
    Stage.INVITING: N_("Whom to invite"),
    Stage.PREPARATION: N_("Preparation"),
    Stage.ASSESSMENT: N_("Risk assessment"),
    Stage.EXCHANGE: N_("The exchange"),
    Stage.CLOSING_TALKS: N_("Closing conversations"),
    Stage.OUTCOME: N_("Outcome"),
    Stage.FOLLOW_UP: N_("Follow-up"),
}
OF_A_PERSON: dict[Stage, str] = {
    Stage.INVITING: "inviting",
    Stage.PREPARATION: "information",
    Stage.CLOSING_TALKS: "closing_talk",
}
OF_THE_CASE: dict[Stage, str] = {
    Stage.ASSESSMENT: "/assessments",
    Stage.EXCHANGE: "#exchange",
    Stage.OUTCOME: "/diary/outcome",
    Stage.FOLLOW_UP: "/follow-up",
}


def stages(view: CaseView, known: Known, now: datetime) -> list[Check]:
    """In their order; the first that is not done is what comes next."""
    found = standing(story_of(view, known, now))
    following = next((one for one in found if not one.done), None)
    return [_line(view, one, following) for one in found]


def story_of(view: CaseView, known: Known, now: datetime) -> Story:
    """What the rule reads of a case."""
    people = tuple(
        Someone(
            person.id,
            person.side,
            {kind: entry.value for (who, kind), entry in known.items() if who == person.id},
            {kind: row.value for (who, kind), row in view.facts.items() if who == person.id},
        )
        for person in view.people
    )
    return Story(
        people=people,
        messages=tuple(State(row.state) for row in view.messages),
        assessed=bool(view.assessment_until and view.assessment_until > now),
        diary=frozenset(kind for who, kind in known if who is None),
    )


def _line(view: CaseView, one: Standing, following: Standing | None) -> Check:
    status, tone = (N_("Done"), DONE) if one.done else (N_("Next"), NEEDED) if one is following else (N_("Later"), NOTE)
    return Check(gettext(TITLES[one.stage]), gettext(status), tone, _href(view.case.id, one))


def _href(case: UUID, one: Standing) -> str:
    if one.stage in OF_THE_CASE:
        return f"/cases/{case}{OF_THE_CASE[one.stage]}"
    return f"/people/{one.of}/diary/{OF_A_PERSON[one.stage]}" if one.of else "#people"

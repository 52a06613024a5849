"""Reads for pages and the API: what somebody may see, in the order they need it. Changes nothing.

`home` what needs somebody now · `cases` lists and the case · `messages` one message with its checklist ·
`uploads` what has arrived · `links` one link to hand over · `concerns` one concern · `diary` a case's diary ·
`assessments` its risk assessments ·
`emergencies` cases opened from outside their team · `oversight` what waits on whom · `due` what falls due ·
`thread` a case's messages and answers ·
`keys` how the keys stand.
"""

from exchange.store.read.assessments import Assessments, AssessmentView, assessment_view, assessments_of
from exchange.store.read.cases import CaseRow, CaseView, PersonView, case_list, case_view, person_view
from exchange.store.read.concerns import ConcernView, concern_view
from exchange.store.read.diary import Entry, diary_of, newest
from exchange.store.read.due import SupervisionView, due_list, supervision_view
from exchange.store.read.emergencies import (
    EmergencyRow,
    EmergencyView,
    emergencies,
    emergency_view,
    own_emergencies,
)
from exchange.store.read.history import FactHistory, case_of, case_workers, fact_history, staff_accounts
from exchange.store.read.home import PILE, RECOVERY, WEBHOOK, Group, Item, needs_you_now, waiting_count
from exchange.store.read.keys import KeysState, keys_state
from exchange.store.read.links import LinkView, link_view, links_of_case, reach_one_device
from exchange.store.read.marks import Left, marks_left
from exchange.store.read.messages import MessageView, message_view
from exchange.store.read.oversight import (
    Caseload,
    Listed,
    Wanted,
    caseloads,
    decisions,
    second_approvals,
    waiting_list,
)
from exchange.store.read.thread import ThreadView, thread_view
from exchange.store.read.uploads import Arrived, uploads_of

__all__ = [
    "PILE",
    "RECOVERY",
    "WEBHOOK",
    "Arrived",
    "AssessmentView",
    "Assessments",
    "CaseRow",
    "CaseView",
    "Caseload",
    "ConcernView",
    "EmergencyRow",
    "EmergencyView",
    "Entry",
    "FactHistory",
    "Group",
    "Item",
    "KeysState",
    "Left",
    "LinkView",
    "Listed",
    "MessageView",
    "PersonView",
    "SupervisionView",
    "ThreadView",
    "Wanted",
    "assessment_view",
    "assessments_of",
    "case_list",
    "case_of",
    "case_view",
    "case_workers",
    "caseloads",
    "concern_view",
    "decisions",
    "diary_of",
    "due_list",
    "emergencies",
    "emergency_view",
    "fact_history",
    "keys_state",
    "link_view",
    "links_of_case",
    "marks_left",
    "message_view",
    "needs_you_now",
    "newest",
    "own_emergencies",
    "person_view",
    "reach_one_device",
    "second_approvals",
    "staff_accounts",
    "supervision_view",
    "thread_view",
    "uploads_of",
    "waiting_count",
    "waiting_list",
]

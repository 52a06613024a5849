"""Reads for pages and the API: what somebody may see, in the order they need it. Changes nothing.

`home` what needs somebody now · `cases` lists and the case · `messages` one message with its checklist ·
`uploads` what has arrived · `links` one link to hand over · `concerns` one concern · `diary` a case's diary ·
`emergencies` cases opened from outside their team.
"""

from exchange.store.read.cases import CaseRow, CaseView, PersonView, case_list, case_view, person_view
from exchange.store.read.concerns import ConcernView, concern_view
from exchange.store.read.diary import Entry, diary_of, newest
from exchange.store.read.emergencies import (
    EmergencyRow,
    EmergencyView,
    emergencies,
    emergency_view,
    own_emergencies,
)
from exchange.store.read.history import FactHistory, case_of, case_workers, fact_history, staff_accounts
from exchange.store.read.home import RECOVERY, Item, needs_you_now, supervisor_items, waiting_count
from exchange.store.read.links import LinkView, link_view, links_of_case, reach_one_device
from exchange.store.read.marks import Left, marks_left
from exchange.store.read.messages import MessageView, message_view
from exchange.store.read.oversight import Decisions, KeysState, keys_state, waiting_decisions
from exchange.store.read.uploads import Arrived, uploads_of

__all__ = [
    "RECOVERY",
    "Arrived",
    "CaseRow",
    "CaseView",
    "ConcernView",
    "Decisions",
    "EmergencyRow",
    "EmergencyView",
    "Entry",
    "FactHistory",
    "Item",
    "KeysState",
    "Left",
    "LinkView",
    "MessageView",
    "PersonView",
    "case_list",
    "case_of",
    "case_view",
    "case_workers",
    "concern_view",
    "diary_of",
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
    "staff_accounts",
    "supervisor_items",
    "uploads_of",
    "waiting_count",
    "waiting_decisions",
]

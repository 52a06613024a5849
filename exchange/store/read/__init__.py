"""Reads for pages and the API: what somebody may see, in the order they need it. Changes nothing.

`home` what needs somebody now · `cases` lists and the case · `messages` one message with its checklist.
"""

from exchange.store.read.cases import CaseRow, CaseView, PersonView, case_list, case_view, person_view
from exchange.store.read.home import Item, needs_you_now, supervisor_items, waiting_count
from exchange.store.read.messages import MessageView, message_view

__all__ = [
    "CaseRow",
    "CaseView",
    "Item",
    "MessageView",
    "PersonView",
    "case_list",
    "case_view",
    "message_view",
    "needs_you_now",
    "person_view",
    "supervisor_items",
    "waiting_count",
]

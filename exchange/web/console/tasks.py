"""One thing to do that no message says by itself, and the button that says it is done."""

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.model import FactKind
from exchange.steps import closing, own_copy_making, rectification, tasks
from exchange.steps.tasks import ON_THEIR_OWN_PAGE, TaskView
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.session import actor_of, id_of, is_supervisor, service_of
from exchange.web.frame import N_

DONE = frame.notice("task-done", N_("Done. It is off the list."))
ADVICE: dict[str, str] = {
    "link_asked": N_("Ring them if that is safe, then make a new link on the message's page. Nothing is lost."),
    "link_tried": N_(
        "It was opened before, ran out or was taken back. Ask if it was them, in the way that is safe. If it was, make "
        "a new link. If not, somebody else may have it: it opens nothing, but find out how they got it."
    ),
    "link_locked": N_(
        "Nothing is lost. Ask if it was them, agree a new code if in doubt, then make a new link on the message's "
        "page. If it was their link for stopping, make them a new one: they must not be without it."
    ),
    "wrong_attempts": N_("Somebody entered wrong codes. Ask if it was them; agree a new code if in doubt."),
    "follow_up": N_("They have read, heard or seen it. Ask how they are, and what should happen to their copy."),
    "follow_up_case": N_("Ask each of them in the way that is safe for them, and write down how they are."),
    "give_back": N_(
        "The case is closed and this was not shared. Tell its author in the way that is safe, and give it back. Say "
        "nothing about the other person."
    ),
    "call_me": N_("Call them in the way that is safe for them."),
    "talk_first": N_("Talk with them before anything else. Nobody should feel pressed."),
    "only_translation": N_(
        "It is not shared as it is. On the page “What the author decides” make the version without the original, "
        "review it, and let them see it and decide."
    ),
    "asked_to_stop": N_("Sharing is stopped as far as it can be. Find out how they are."),
    "asked_to_replace": N_(
        "Sharing is stopped as far as it can be. Give them a link to replace it, on the message's page. The old one is "
        "taken back when the new one is sent."
    ),
    "not_for_me": N_("The link is closed. Find out who has it, and whether the safe contact is still right."),
    "wrong_person": N_("The link is closed. The message's page lists what was seen. Tell a supervisor."),
    "reply_came": N_(
        "Somebody outside the team holds it, closed. The record of the case says who. Collect it, and put it in."
    ),
    "reply_scanned": N_(
        "Somebody outside the team scanned it with other post, and has not seen it here. Look at its pages among the "
        "scanned replies, and put it in. The record of the case says who has the paper."
    ),
    "appeal": N_("Somebody does not agree with a decision. A supervisor who did not make it should look at it."),
    "decide_appeal": N_(
        "Whoever decided not to share it cannot decide this. Give a reason that the author can understand."
    ),
    "tell_author": N_(
        "Tell them in the way that is safe, in words that say nothing about the other person. Then record it."
    ),
    "copy_gone": N_("Nobody fetched it, or something in it was erased. If they still want it, prepare it again."),
    "feedback": N_("Read what they wrote, and answer if they expect it."),
    "share_agreed": N_("The author agreed to share this version. See what is still needed before it can be offered."),
    "emergency_opened": N_("Look at who opened it and why, and talk with them. End it if it is not needed."),
    "decide_emergency": N_("This case needs a second person. Ring who asks, then agree or do not."),
    "decide_hold": N_("Everything in the case is stopped. Decide what follows, and write it down."),
    "decide_pause": N_(
        "What happened after the backup was made may be missing. Go through the case, ring people where you are not "
        "sure, and make new links. Then lift the pause on the case's page."
    ),
    "decide_contact_order": N_("A contact order was recorded. Decide if an exception is allowed, and write it down."),
    "decide_status": N_("Their messages are stopped until you decide."),
    "notice_failed": N_(
        "The e-mail or text message could not be delivered. Ring instead, in the way that is safe. If the address is "
        "wrong, record the right one: until then no more notices go."
    ),
    "notice_stopped": N_(
        "When it was time to send it, something spoke against it. See on the person's page what it was."
    ),
    "again_stopped": N_(
        "A concern, a legal hold, a conflict of interest, or a decision not to share. It counts again, but what was "
        "written about it is lost. Ask whoever did it, tell a supervisor, and write it down again."
    ),
    "again_message": N_(
        "They may believe that we have it. Tell them in the way that is safe that it was lost and that nobody read it, "
        "and ask if they want to send it again."
    ),
    "again_person": N_(
        "A name, a form of name, a contact, a code or other details. What stands here now may be the old ones, or "
        "missing. Compare with the person, in the way that is safe, and put it right. Until then the pause stays."
    ),
    "again_words": N_(
        "Notes, an assessment, ground rules or a supervision. The record of the case says who wrote what kind of thing "
        "and when. Ask them to write it down again."
    ),
    "again_feedback": N_("Ask them what they told us, and answer."),
    "again_appeal": N_("Ask them if they still do not agree, and record the appeal again."),
    "again_rectification": N_("Ask them what is wrong, and record it again. The month began when they first said so."),
    "again_own_copy": N_(
        "Ask them if they still want it, and prepare it again. The month began when they first asked."
    ),
    "object_lost": N_(
        "Something of this message was lost or changed where it is stored; what was changed is never shown. Tell "
        "whoever runs the service: a backup may have it."
    ),
    "notice_unknown": N_(
        "Something broke while it was being sent. It is not sent again by itself, so that nobody gets it twice. Ring "
        "instead, in the way that is safe."
    ),
}  # fmt: skip


async def task_page(request: web.Request) -> web.StreamResponse:
    """What it is, what helps, where to go."""
    view = await tasks.read_task(service_of(request), actor_of(request), id_of(request, "task"))
    context = {
        "view": view,
        "task": view.task,
        "what": words.said(words.TASKS, view.task.kind),
        "advice": frame.gettext(ADVICE.get(view.task.kind, "")),
        "decide": _decide(view),
        "can_finish": _can_finish(request, view),
    }
    return frame.render(request, "console/task.html", context)


async def finish(request: web.Request) -> web.StreamResponse:
    """Off the list."""
    await tasks.finish_task(service_of(request), actor_of(request), id_of(request, "task"))
    return frame.see_other(request, "/", done=DONE)


def _can_finish(request: web.Request, view: TaskView) -> bool:
    """Whether to offer the button; the step asks again."""
    kind = view.task.kind
    if kind == "emergency_opened":
        return bool(view.task.account_id != actor_of(request).id)
    return kind not in ON_THEIR_OWN_PAGE and (is_supervisor(request) or not kind.startswith("decide_"))


def _decide(view: TaskView) -> str:
    """The form on which a supervisor's decision is recorded, "" where there is none."""
    if view.task.kind == closing.FOLLOW_UP:
        return f"/cases/{view.task.case_id}/follow-up"
    if view.task.kind == "decide_retention":
        return "/retention"
    if view.task.kind == rectification.TASK:
        return f"/people/{view.task.participant_id}/corrections"
    if view.task.kind in own_copy_making.TASKS:
        return f"/people/{view.task.participant_id}/copies"
    kind = view.task.kind.removeprefix("decide_")
    if view.task.kind in ("decide_appeal", "tell_author"):
        return f"/messages/{view.task.message_id}/" + ("appeal" if kind == "appeal" else "told")
    if kind == view.task.kind or view.emergency:
        return ""
    if kind == FactKind.STATUS:
        return f"/people/{view.task.participant_id}/facts/{kind}"
    return f"/cases/{view.task.case_id}/facts/{kind}"


ROUTES = [
    frame.Route("GET", "/tasks/{task}", task_page, Permission.CASE_SEE),
    frame.Route("POST", "/tasks/{task}", finish, Permission.CASE_SEE),
]

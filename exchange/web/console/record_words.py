"""The fixed words inside an entry of the record, as pages say them: kinds, ways, outcomes, reasons."""

from collections.abc import Mapping
from typing import Any

from exchange.core.model import FactKind
from exchange.web.console import closing_words, notice_words, words
from exchange.web.console.fact_words import VALUES
from exchange.web.console.messages import words as of_messages
from exchange.web.frame import N_, gettext

OF_ACCOUNTS: dict[str, str] = {
    "deactivated": N_("it was closed"),
    "details": N_("name, e-mail, language"),
    "left": N_("its owner left: closed, and its cases handed over"),
    "factor": N_("a new second factor"),
    "factor_begun": N_("a new second factor was begun"),
    "passkey": N_("with a passkey"),
    "passkey_added": N_("a new passkey"),
    "passkey_removed": N_("a passkey was removed"),
    "everywhere": N_("everywhere"),
    "recovery_code": N_("with a recovery code"),
    "recovery_codes": N_("new recovery codes"),
    "sign_on": N_("by single sign-on"),
    "sign_on_linked": N_("linked to the provider"),
    "sign_on_linked_only": N_("linked to the provider, its password switched off"),
    "sign_on_unlinked": N_("no longer linked to the provider"),
    "password": N_("a new password"),
    "reset": N_("it was reset"),
    "roles": N_("roles"),
}
OF_SETTINGS: dict[str, str] = {
    "assessment_draft": N_("a draft of the form for risk assessments"),
    "assessment_form": N_("a new form for risk assessments"),
    "backup_place": N_("where backups are kept"),
    "closed_days": N_("days closed"),
    "console_url": N_("address for staff"),
    "guidance_cy": N_("the words before writing in Welsh"),
    "guidance_en": N_("the words before writing in English"),
    "exit_url": N_("where Exit this page leads"),
    "mail_from": N_("address that e-mails come from"),
    "mail_host": N_("mail server"),
    "mail_password": N_("mail password"),
    "mail_port": N_("mail port"),
    "mail_starttls": N_("encryption of mail"),
    "mail_user": N_("mail user"),
    "opening": N_("when the phone is answered"),
    "phone": N_("phone"),
    "portal_url": N_("address for the public"),
    "sender_name": N_("name that e-mails come from"),
    "service_name": N_("name of the service"),
    "support_lines": N_("support lines"),
}
KINDS: dict[str, str] = {
    **closing_words.TITLES,
    **words.KINDS,
    **words.TASKS,
    **words.TYPES,
    **words.DIARY,
    **words.REFERRED,
    **OF_ACCOUNTS,
    **OF_SETTINGS,
    **of_messages.DOINGS,
    "demo": N_("a demonstration"),
    "real": N_("for real people"),
    "file": N_("in a file"),
    "pkcs11": N_("in a hardware module"),
    "vault": N_("in a vault"),
}
SCOPES: dict[str, str] = {
    **words.CONSENTS,
    "complete": N_("all of it"),
    "filtered": N_("a part"),
    "emergencies": N_("the list of emergencies"),
}
OUTCOMES: dict[str, str] = {
    **closing_words.WORDS,
    "corrected": N_("put right"),
    "look_again": N_("to be looked at again"),
    "as_it_was": N_("as it was"),
    "frozen": N_("stopped for safety again"),
    "note": N_("kept beside it"),
    **of_messages.ENDED,
    "move": N_("move it to where it belongs"),
    "remove": N_("take it away"),
    "called_off": N_("the move was called off"),
    **of_messages.COPIES,
    "pause": N_("to pause"),
    "replace": N_("to replace it"),
    "withdraw": N_("to take it back"),
    "call": N_("a call"),
    **notice_words.OUTCOMES,
}
REASONS: dict[str, str] = {
    "consents": N_("with the consent of those concerned"),
    "legal_duty": N_("a legal duty"),
    **notice_words.REASONS,
    **words.EMERGENCY_KINDS,
    **of_messages.LINK_STATES,
    **of_messages.ABOUT,
    "no_such_host": N_("there is no such host"),
    "not_allowed": N_("its address is not one that may be called"),
    "no_answer": N_("no answer"),
    "redirected": N_("it sent us somewhere else"),
    "refused": N_("it was not taken"),
    "contact": N_("contact details"),
    "whereabouts": N_("where somebody is"),
    "name": N_("a name that is not agreed"),
    "others": N_("about somebody else"),
    "agreed": N_("agreed with its author"),
    "no_ears": N_("nothing installed here hears this language"),
    "overtaken": N_("the message changed meanwhile"),
    "wrong_person": words.TASKS["wrong_person"],
    "wrong_type": N_("a kind of file that cannot be used"),
    "empty": N_("an empty file"),
    "truncated": N_("the end of the file is missing"),
    "too_large": N_("the file is too large"),
    "password": N_("the file is locked with a password"),
    "disguised": N_("the file is not what its name says"),
    "too_many_pixels": N_("a picture that is too large"),
    "too_many_pages": N_("too many pages"),
    "too_long": N_("it is too long"),
    "no_sound": N_("there is no sound in it"),
    "no_picture": N_("there is no picture in it"),
    "damaged": N_("the file is damaged"),
    "missing": N_("it is not there"),
    "changed": N_("it is not what it was"),
    "unsafe": N_("the file may be harmful"),
    "needs_office": N_("a document that cannot be opened here"),
    "no_sandbox": N_("the safe place to open it is missing"),
    "took_too_long": N_("making it safe took too long"),
    "no_faces": N_("nothing here finds faces"),
    "no_letters": N_("letters that cannot be set in a PDF here"),
    "not_kept": N_("it did not arrive whole"),
    "no_scanner": N_("the check for harmful software does not answer"),
}
PURPOSES: dict[str, str] = of_messages.PURPOSES
WAYS: dict[str, str] = {**of_messages.WAYS, "with_me": N_("together with staff")}
ROLES: dict[str, str] = {**words.ROLES, **words.SIDES, **words.PARTS}
FACT_VALUES: dict[str, dict[str, str]] = {str(kind): found for kind, found in VALUES.items()}
REVISED: dict[str, str] = {
    "original_left_out": N_("only the translation is handed over, without the original"),
    "original_beside": N_("the original is handed over beside the translation"),
}
"""What is different in a new version, where it is no text and nothing taken out."""
TABLES: dict[str, dict[str, str]] = {
    "kind": KINDS,
    "fact": {**words.FACTS, **REVISED},
    "scope": SCOPES,
    "way": WAYS,
    "method": words.METHODS,
    "purpose": PURPOSES,
    "role": ROLES,
    "outcome": OUTCOMES,
    "reason": REASONS,
}


def spoken(leaf: Mapping[str, Any], name: str) -> list[str]:
    """The words of one field of an entry, several where it lists several; what has none is spelled out."""
    found = leaf[name] if isinstance(leaf[name], list) else [leaf[name]]
    table = _values(leaf) if name == "value" else TABLES.get(name, {})
    return [gettext(table[str(w)]) if str(w) in table else str(w).replace("_", " ") for w in found]


def _values(leaf: Mapping[str, Any]) -> dict[str, str]:
    """What a value means depends on the fact, or on what was written in the diary."""
    if leaf.get("act") == "diary.written":
        return words.DIARY_VALUES.get(str(leaf.get("kind")), {})
    if leaf.get("act") == "assessment.made":
        return FACT_VALUES[FactKind.ASSESSMENT]
    return FACT_VALUES.get(str(leaf.get("fact")), {})

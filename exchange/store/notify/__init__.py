"""Ways of sending a notice to a participant: e-mail, and text messages by GOV.UK Notify. They know nothing of why."""

from exchange.store.notify.govuk import GovukNotify
from exchange.store.notify.protocol import Fate, Handed, Notifier, Outgoing
from exchange.store.notify.smtp import SmtpNotifier

__all__ = ["Fate", "GovukNotify", "Handed", "Notifier", "Outgoing", "SmtpNotifier"]

"""What workers do: thin wrappers that take ids and call steps, which derive authority from state.

Every task may run twice, or on two workers at once. Times are cron lines in UTC.
"""

from uuid import UUID

from exchange.steps import (
    certificate,
    figures,
    mail,
    notifying,
    of_age,
    own_copy_making,
    pile_reading,
    piles,
    process,
    redacting,
    refiling,
    release,
    retention,
    scrub,
    signing,
    spoken_safe,
    statistics,
    sweep,
    telling_webhooks,
    transcribing,
)
from exchange.store import reaper
from exchange.store.scratch import remove_stale
from exchange.store.service import Service
from workers.app import task


@task("process_message")
async def process_message(service: Service, message: str) -> None:
    """Make what was put in safe, or say why not."""
    await process.process_message(service, UUID(message))


@task("process_waiting", cron="*/5 * * * *")
async def process_waiting(service: Service) -> None:
    """Try again what waits in quarantine because a scanner, a sandbox or the store was away."""
    await process.ask_again(service)
    await spoken_safe.ask_again(service)
    await redacting.ask_again(service)
    await transcribing.ask_again(service)
    await own_copy_making.ask_again(service)
    await refiling.ask_again(service)
    await pile_reading.ask_again(service)


@task("redact_message")
async def redact_message(service: Service, making: str) -> None:
    """Make the version without what is to be taken out, or say why not."""
    await redacting.redact_message(service, UUID(making))


@task("refile_message")
async def refile_message(service: Service, refiling_id: str) -> None:
    """Seal what lay in the wrong case anew where it belongs, then erase it where it lay."""
    await refiling.refile(service, UUID(refiling_id))


@task("read_pile")
async def read_pile(service: Service, pile: str) -> None:
    """Take a scanned pile of replies apart by the codes on its pages, or say why not."""
    await pile_reading.read_pile(service, UUID(pile))


@task("end_piles", cron="29 2 * * *")
async def end_piles(service: Service) -> None:
    """Once a night: what was left of piles for too long is thrown away, and that is told."""
    await piles.run_out(service)


@task("hear_message")
async def hear_message(service: Service, draft: str) -> None:
    """Write down what a machine hears in a recording, for a person to go through."""
    await transcribing.hear_message(service, UUID(draft))


@task("make_reason_safe")
async def make_reason_safe(service: Service, spoken_id: str) -> None:
    """Make a spoken reason safe for its author to hear, or say why not."""
    await spoken_safe.make_safe(service, UUID(spoken_id))


@task("reap", cron="*/10 * * * *")
async def reap(service: Service) -> None:
    """Delete what nobody owns, and what dead workers left in the scratch."""
    remove_stale(service.settings.scratch)
    await reaper.reap(service)


@task("find_orphans", cron="17 3 * * *")
async def find_orphans(service: Service) -> None:
    """Once a night: compare the store with the tables."""
    await reaper.find_orphans(service)


@task("scrub", cron="4-59/10 * * * *")
async def read_back(service: Service) -> None:
    """Read back what was not for the longest: what is lost or changed is told, and made again where it can be."""
    await scrub.run(service)


@task("lapse_links", cron="*/5 * * * *")
async def lapse_links(service: Service) -> None:
    """End links and sessions whose time has run out."""
    await sweep.run_out(service)


@task("make_own_copy")
async def make_own_copy(service: Service, copy: str) -> None:
    """Make an approved copy of what is held about one person."""
    await own_copy_making.make(service, UUID(copy))


@task("end_own_copies", cron="*/10 * * * *")
async def end_own_copies(service: Service) -> None:
    """End copies that nobody took in their time."""
    await own_copy_making.run_out(service)


@task("retain", cron="41 2 * * *")
async def retain(service: Service) -> None:
    """Once a night: what falls due to be erased is told, or goes by itself where the service has set so."""
    await retention.run(service)


@task("come_of_age", cron="7 * * * *")
async def come_of_age(service: Service) -> None:
    """Every hour: who comes of age soon, and for whom it is the day."""
    await of_age.run(service)


@task("count_quarters", cron="23 4 * * *")
async def count_quarters(service: Service) -> None:
    """Once a night: a quarter that has ended is counted for the statistics."""
    await statistics.count_quarters(service)


@task("daily_mail", cron="*/15 * * * *")
async def daily_mail(service: Service) -> None:
    """The neutral e-mail to staff, once per working day."""
    await mail.send_daily(service)


@task("notify_concern")
async def notify_concern(service: Service, concern: str) -> None:
    """A concern tells supervisors and the team at once."""
    await mail.notify_concern(service, UUID(concern))


@task("notify_emergency")
async def notify_emergency(service: Service, emergency: str) -> None:
    """A case opened in an emergency tells supervisors and the team at once."""
    await mail.notify_emergency(service, UUID(emergency))


@task("send_notice")
async def send_notice(service: Service, notice: str) -> None:
    """A notice to a participant, if it still may go."""
    await notifying.send_notice(service, UUID(notice))


@task("look_after_notices", cron="*/5 * * * *")
async def look_after_notices(service: Service) -> None:
    """Take up what was lost, and ask after text messages."""
    await notifying.look_after(service)


@task("tell_webhooks", cron="* * * * *")
async def tell_webhooks(service: Service) -> None:
    """Other systems are told what happened."""
    await telling_webhooks.tell(service)


@task("grant_on_acceptance")
async def grant_on_acceptance(service: Service, session: str, message: str) -> None:
    """The recipient accepted and may read on in the same sitting."""
    await release.grant_on_acceptance(service, UUID(session), UUID(message))


@task("certify_erasure")
async def certify_erasure(service: Service, erasure: str) -> None:
    """Sign the certificate of an erasure."""
    await certificate.certify(service, UUID(erasure))


@task("certify_waiting", cron="*/5 * * * *")
async def certify_waiting(service: Service) -> None:
    """Sign what could not be signed when it was erased."""
    await certificate.certify_waiting(service)


@task("checkpoint", cron="* * * * *")
async def checkpoint(service: Service) -> None:
    """Sign the head of the record, if it grew; a heartbeat sees to it that it does now and then. And count."""
    await signing.sign(service)
    await figures.look(service)

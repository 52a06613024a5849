"""`exchange doctor`: everything that must be right, each with what is wrong and what to do.

`steps/health.py` holds the checks that the portal makes too; here are those about this machine and about
what only a process with keys can see. In the demonstration mail, backup and scratch are not asked about.
"""

import asyncio
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import imageio_ffmpeg
from sqlalchemy import func, select, text

from exchange.core.model import Role
from exchange.steps import backup as backups
from exchange.steps import mail, setup
from exchange.steps import settings as service_settings
from exchange.steps.freshness import freshness
from exchange.steps.health import ESSENTIAL, Check, Checker, is_green, run
from exchange.store import clamd, ledger_copy
from exchange.store import tables as t
from exchange.store.ledgerkey import load_signer
from exchange.store.mailer import greet
from exchange.store.notify import GovukNotify
from exchange.store.rootring import RootKeys, open_ring
from exchange.store.sealing import follow, service_key_row
from exchange.store.service import Service
from exchange.store.unit import now_of, reading
from media.limits import Rejected
from media.office import can_set
from media.office import program as office_program
from media.reading import engine
from media.sandbox import PROVIDERS, choose

__all__ = ["Check", "examine", "is_green"]

GIB = 1024**3
CLOCK_SECONDS = 5
BACKUP_AGE = timedelta(days=2)
COPY_AGE = timedelta(hours=1)
_SIGNED_LONG_AGO = text("select max(size) from public.ledger_checkpoint where at < now() - cast(:age as interval)")
MEMORY_SYSTEMS = ("tmpfs", "ramfs")


async def examine(service: Service) -> list[Check]:
    """Every check, in the order in which a person would mend them. `service` with keys, or without where
    the root key file is missing: that is then one of the answers."""
    return await run(service, (*ESSENTIAL, *MACHINE))


async def root_key(service: Service) -> Check:
    """The key in use is there, for its owner only; it opens what this service sealed, and wraps."""
    name = "Root key"
    ring = open_ring(service.settings)
    if service.keys is not None and await setup.is_founded(service):
        async with reading(service) as conn:
            ring.use(await follow(service, conn))
            row = await service_key_row(conn)
        await asyncio.to_thread(_opens_and_wraps, ring, row.private_wrapped, service.keys.context_of(str(row.id)))
    return Check(name)


def _opens_and_wraps(ring: RootKeys, wrapped: bytes, where: bytes) -> None:
    ring.unwrap(ring.wrap(ring.unwrap(wrapped, where), where), where)


async def ledger_key(service: Service) -> Check:
    """The signing key is there, and the newest checkpoint is not older than the setting."""
    name = "Record"
    load_signer(service.settings.ledger_key_file)
    found = await freshness(service)
    if not found.late:
        return Check(name)
    minutes = int(found.age.total_seconds() // 60)
    shown = " No content is shown until it is." if found.stopped else ""
    return Check(name, f"It was not signed for {minutes} minutes.{shown}", "Start a worker: exchange worker")


async def ffmpeg(service: Service) -> Check:
    """It starts and says its version."""
    path = str(service.settings.ffmpeg or imageio_ffmpeg.get_ffmpeg_exe())
    process = await asyncio.create_subprocess_exec(
        path, "-version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    if process.returncode or not said.startswith(b"ffmpeg version"):
        return Check("ffmpeg", "It does not run.", "Set EXCHANGE_FFMPEG to one that does, or install again.")
    return Check("ffmpeg")


async def sandbox(_service: Service) -> Check:
    """A child is confined here, tried out."""
    try:
        await asyncio.to_thread(choose, PROVIDERS)
    except Rejected:
        return Check(
            "Sandbox",
            "Nothing confines a child process here, so no upload will be opened.",
            "Install bubblewrap, or use a kernel with Landlock (5.13 or newer).",
        )
    return Check("Sandbox")


async def scanner(service: Service) -> Check:
    """The malware scanner answers, where one is set; the policy says whether one must be set."""
    name, settings = "Malware scanner", service.settings
    if settings.clamd_socket is None:
        if settings.malware_scan == "always":
            return Check(name, "None is set, so no upload will be opened.", "Set EXCHANGE_CLAMD_SOCKET.")
        return Check(f"{name} (not set up)")
    await clamd.ping(settings.clamd_socket)
    return Check(name)


async def office(_service: Service) -> Check:
    """Whether ODT, RTF and DOC are taken: without LibreOffice, or held by Landlock alone, is no fault."""
    if await asyncio.to_thread(_sets_documents):
        return Check("Documents by LibreOffice")
    missing = "only bubblewrap holds it" if office_program() else "not installed"
    return Check(f"Documents by LibreOffice ({missing}: .odt, .rtf and .doc are refused)")


async def reader(_service: Service) -> Check:
    """Whether the words of scans are read; where not, pages stay pictures."""
    if engine() is not None:
        return Check("Reading of scans")
    return Check("Reading of scans (no language data: run tools/assets.py, or install tesseract-ocr-eng)")


def _sets_documents() -> bool:
    return can_set(choose(PROVIDERS))


async def scratch(service: Service) -> Check:
    """Plaintext of a running job lies here: private, in memory without swap, or on an encrypted disk."""
    name, folder = "Scratch folder", service.settings.scratch
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        return Check(name, "Others can read it.", f"Run: chmod 700 {folder}")
    if service.settings.demo:
        return Check(name)
    if _in_memory(folder):
        if plain_swap():
            return Check(name, "It is in memory, but memory may be swapped to a plain disk.", "Run: swapoff -a")
    elif not _encrypted(folder):
        return Check(
            name,
            "It is on a disk that is not encrypted.",
            "Set EXCHANGE_SCRATCH to a folder in memory (tmpfs).",
        )
    return Check(name)


async def space(service: Service) -> Check:
    """Room for the largest upload, where objects and scratch lie."""
    folders = {"Object store": service.settings.objects_folder, "scratch folder": service.settings.scratch}
    for what, folder in folders.items():
        if folder is not None and shutil.disk_usage(_existing(folder)).free < _needed(service, what):
            return Check("Disk space", f"The disk of the {what} is nearly full.", "Make room or use a larger disk.")
    return Check("Disk space")


async def clock(service: Service) -> Check:
    """This machine's clock and the database's agree: codes and time limits depend on it."""
    async with reading(service) as conn:
        theirs = (await conn.execute(select(func.clock_timestamp()))).scalar_one()
    if abs(theirs.timestamp() - time.time()) > CLOCK_SECONDS:
        return Check("Clock", "It differs from the database's.", "Let both machines take the time by NTP.")
    return Check("Clock")


async def mail_server(service: Service) -> Check:
    """Set, answering, and nothing failed in the last run."""
    name = "Mail"
    if service.settings.demo:
        return Check(name)
    server = await mail.server_of(service)
    if server is None:
        return Check(name, "No mail server is set.", "Set it under Administration, or EXCHANGE_SMTP_HOST and so on.")
    await greet(server)
    async with reading(service) as conn:
        last = await service_settings.row(conn, mail.STATE)
    if last is not None and last.value["failure"]:
        return Check(name, last.value["failure"], "It is tried again; look at the mail server.")
    return Check(name)


async def text_messages(service: Service) -> Check:
    """Whether notices can go by text message: not set up is no fault; a wrong key or template is."""
    settings = service.settings
    if not settings.notify_api_key and not settings.notify_template:
        return Check("Text messages (not set up)")
    if not settings.text_messages:
        return Check("Text messages", "Only half is set.", "Set EXCHANGE_NOTIFY_API_KEY and EXCHANGE_NOTIFY_TEMPLATE.")
    await GovukNotify(service.settings).look()
    return Check("Text messages")


async def backup(service: Service) -> Check:
    """Somebody said where the backup goes; where our own makes it, it is not old, and no object was lost before it."""
    if service.settings.demo:
        return Check("Backup")
    if not (await service_settings.read(service, fresh=True)).backup_place:
        return Check("Backup", "No place for the backup is set.", "Set it under Administration.")
    last = await backups.last_made(service)
    if last is None:
        return Check("Backup (made by other means than exchange backup)")
    async with reading(service) as conn:
        age = await now_of(conn) - last.at
    if age > BACKUP_AGE:
        return Check("Backup", f"The last one is {age.days} days old.", "Look why exchange backup does not run.")
    if last.value["missing"]:
        return Check("Backup", f"{last.value['missing']} objects are lost.", "Run exchange backup: it names them.")
    return Check("Backup")


async def stored(service: Service) -> Check:
    """Everything that was read back lately was whole."""
    s = t.scrub
    async with reading(service) as conn:
        bad = list((await conn.execute(select(s.c.object_key).where(s.c.state != "whole").limit(5))).scalars())
    if bad:
        what = f"Missing or changed where they are stored: {', '.join(bad)}."
        return Check("Stored objects", what, "Put them back from the last backup that has them: objects/ in its place.")
    return Check("Stored objects")


async def record_outside(service: Service) -> Check:
    """The record also lies in the object store, where a restore takes what is newer than the backup from."""
    name = "Record outside the database"
    verifier = setup.verifier_of(service)
    if verifier is None:  # "Record" tells that
        return Check(name)
    async with reading(service) as conn:
        behind = (await conn.execute(_SIGNED_LONG_AGO, {"age": COPY_AGE})).scalar_one_or_none()
    there = await ledger_copy.copied(service.objects, verifier)
    if behind is None or (there is not None and there.size >= behind):
        return Check(name)
    return Check(
        name,
        "What was signed an hour ago is not in the object store.",
        "Look at the worker's log for record_not_copied. Was the database put back, but not by exchange restore?",
    )


async def administrator(service: Service) -> Check:
    """Somebody can sign in and administer."""
    a = t.account
    able = select(a.c.id).where(
        a.c.active, a.c.roles.contains([Role.ADMINISTRATOR.value]), a.c.password_hash.is_not(None)
    )
    async with reading(service) as conn:
        found = (await conn.execute(able)).first()
    if found is None:
        return Check("Administrator", "There is no administrator.", "Run: exchange user add")
    return Check("Administrator")


MACHINE: tuple[tuple[str, Checker], ...] = (
    ("Root key", root_key),
    ("Record", ledger_key),
    ("Record outside the database", record_outside),
    ("ffmpeg", ffmpeg),
    ("Sandbox", sandbox),
    ("Malware scanner", scanner),
    ("Documents by LibreOffice", office),
    ("Reading of scans", reader),
    ("Scratch folder", scratch),
    ("Disk space", space),
    ("Clock", clock),
    ("Mail", mail_server),
    ("Text messages", text_messages),
    ("Backup", backup),
    ("Stored objects", stored),
    ("Administrator", administrator),
)


def _needed(service: Service, what: str) -> int:
    """The scratch folder may be small memory; the store must take the largest upload."""
    return service.settings.max_upload if what == "Object store" and not service.settings.demo else GIB


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _in_memory(folder: Path) -> bool:
    return _mount(folder)[1] in MEMORY_SYSTEMS


def _encrypted(folder: Path) -> bool:
    """Whether the disk below is dm-crypt, as far as this machine says."""
    device = folder.stat().st_dev
    uuid = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/dm/uuid")
    return uuid.exists() and uuid.read_text(encoding="ascii").startswith("CRYPT-")


def plain_swap(swaps: Path = Path("/proc/swaps")) -> bool:
    """Whether memory may be written to a disk that is neither zram nor dm-crypt."""
    for line in swaps.read_text(encoding="utf-8").splitlines()[1:]:
        device = Path(line.split()[0])
        uuid = Path("/sys/class/block") / device.resolve().name / "dm/uuid"
        crypt = uuid.exists() and uuid.read_text(encoding="ascii").startswith("CRYPT-")
        if not device.name.startswith("zram") and not crypt:
            return True
    return False


def _mount(folder: Path) -> tuple[str, str]:
    """The mount point of a folder and its file system."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    mounts = [(parts[1].replace("\\040", " "), parts[2]) for parts in (line.split(" ") for line in lines)]
    real = folder.resolve()
    inside = [mount for mount in mounts if real.is_relative_to(mount[0])]
    return max(inside, key=lambda mount: len(mount[0]))

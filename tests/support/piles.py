"""A pile of replies as a post room scans it: real reply sheets, askew, with paper of their own between, as one PDF."""

import io
import random
import tempfile
from pathlib import Path
from uuid import UUID

import pypdfium2
from PIL import Image, ImageDraw
from sqlalchemy import select

from exchange.core.model import Actor
from exchange.steps import pile_reading, piles, release
from exchange.store import tables as t
from exchange.store.unit import reading
from exchange.web.pack_words import pack_pdf
from tests.support import scanning
from tests.support.message_pages import accepted
from tests.support.world import World

A4 = (1240, 1754)


async def sheets(world: World, folder: Path) -> tuple[UUID, str, list[Image.Image]]:
    """What went out on paper in this case: the message, its code, and its two reply sheets as printed."""
    message = await accepted(world)
    one = await release.print_pack(world.service, world.facilitator, message)
    body = await pack_pdf(world.service, world.facilitator, message, one, large=None, language=None)
    path = folder / f"{one}.pdf"
    path.write_bytes(body)
    p = t.printed_pack
    async with reading(world.service) as conn:
        code = str((await conn.execute(select(p.c.code).where(p.c.release_id == one))).scalar_one())
    with pypdfium2.PdfDocument(path) as document:
        count = len(document)
    return message, code, [scanning.sheet(path, number) for number in range(count - 2, count)]


def written(seed: int = 1) -> Image.Image:
    """A page of handwriting, without any code."""
    page, draw = Image.new("L", A4, 250), random.Random(seed)
    pen = ImageDraw.Draw(page)
    for y in range(200, 1500, 90):
        points = [(x, y + draw.randint(-22, 22)) for x in range(140, 1100, 12)]
        pen.line(points, fill=60, width=4)
    return page


def pile(pages: list[Image.Image], *, seed: int = 3, tiff: str = "") -> bytes:
    """One PDF of these pages, or one TIFF compressed so, each turned by 1 to 3 degrees, at 150 dpi."""
    draw = random.Random(seed)
    turned = [
        scanning.scanned(page, draw.choice((-1, 1)) * draw.uniform(1, 3), grain=6, seed=at).convert("L")
        for at, page in enumerate(pages)
    ]
    out = io.BytesIO()
    if tiff:
        inked = [page.convert("1") if tiff == "group4" else page for page in turned]
        dpi = (scanning.DPI, scanning.DPI)
        inked[0].save(out, "TIFF", save_all=True, append_images=inked[1:], compression=tiff, dpi=dpi)
        return out.getvalue()
    turned[0].save(out, "PDF", save_all=True, append_images=turned[1:], resolution=scanning.DPI, quality=80)
    return out.getvalue()


async def put_in(world: World, pages: list[Image.Image], *, read: bool = True, by: Actor | None = None) -> UUID:
    """A pile of these pages, put in by the world's facilitator, and taken apart."""
    made = await piles.put_in(world.service, by or world.facilitator, pile(pages), "post room.pdf")
    if read:
        await pile_reading.read_pile(world.service, made)
    return made


async def outsiders(world: World, by: Actor) -> tuple[UUID, UUID]:
    """A reply of this world's case that somebody scanned; the pile and the one part of it."""
    with tempfile.TemporaryDirectory() as folder:
        _, _, printed = await sheets(world, Path(folder))
    made = await put_in(world, [printed[0]], by=by)
    async with reading(world.service) as conn:
        part = (await conn.execute(select(t.pile_part.c.id).where(t.pile_part.c.pile_id == made))).scalar_one()
    return made, part

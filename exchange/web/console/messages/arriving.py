"""Files of a plain multipart form, streamed into sealed pieces: never a body read whole, never on disk.

The first field is the token; everything after it is files. Our own counter ends what is too large.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from aiohttp import BodyPartReader, MultipartReader, web

from exchange.core.errors import BadInput, ExchangeError, TooLarge
from exchange.steps import upload
from exchange.store import read
from exchange.web import frame
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame.csrf import FIELD

MOST_AT_ONCE = 64 * 1024 * 1024
LONGEST_TOKEN = 200
CHUNK = 256 * 1024
SILENCE_SECONDS = 60.0


async def take_files(request: web.Request, message: UUID) -> str:
    """Every file of the form; "" or the sentence that says why not. What came whole before that is kept."""
    reader = await multipart(request)
    await token_first(request, reader)
    position = len(await read.uploads_of(service_of(request), actor_of(request), message))
    left, taken = MOST_AT_ONCE, 0
    try:
        async for field in _files(reader):
            left -= await _take(request, message, field, position + taken, left)
            taken += 1
    except (BadInput, TooLarge) as error:
        return str(error)
    return "" if taken else "Choose a file first."


async def multipart(request: web.Request) -> MultipartReader:
    """The form's reader; BadInput for what is no such form."""
    if request.content_type != "multipart/form-data":
        raise BadInput
    try:
        return await request.multipart()
    except ValueError as error:
        raise BadInput from error


async def token_first(request: web.Request, reader: MultipartReader) -> None:
    """The form's first field is the token, and it is right."""
    field = await reader.next()
    if not isinstance(field, BodyPartReader) or field.name != FIELD:
        raise BadInput
    sent = await field.read_chunk(LONGEST_TOKEN)
    frame.require_token(request, sent.decode("ascii", "replace").strip())
    await field.release()


async def one_file(request: web.Request, most: int, *, missing: str, too_large: TooLarge) -> tuple[bytes, str]:
    """The one file of a form that is taken whole, and its hostile name; never more than `most` bytes.

    Raises BadInput at the field `file` with the sentence `missing` where none was chosen, and `too_large`.
    """
    reader = await multipart(request)
    await token_first(request, reader)
    field = await reader.next()
    if not isinstance(field, BodyPartReader) or not field.filename:
        raise BadInput(missing, field="file")
    taken = bytearray()
    while chunk := await field.read_chunk(CHUNK):
        taken += chunk
        if len(taken) > most:
            raise too_large
    return bytes(taken), field.filename


async def _files(reader: MultipartReader) -> AsyncIterator[BodyPartReader]:
    """File fields with a name; a browser sends one without a name where nothing was chosen."""
    while (field := await reader.next()) is not None:
        if isinstance(field, BodyPartReader) and field.filename:
            yield field
        elif isinstance(field, BodyPartReader) and not await _is_empty(field):
            raise BadInput


async def _is_empty(field: BodyPartReader) -> bool:
    return not await field.read_chunk(LONGEST_TOKEN)


async def _take(request: web.Request, message: UUID, field: BodyPartReader, position: int, left: int) -> int:
    """One file; its size in bytes. A file that is not whole is taken away again."""
    service, actor = service_of(request), actor_of(request)
    made = await upload.begin_upload(
        service, actor, message, size=None, untrusted_name=field.filename or "", position=position
    )
    try:
        size = await upload.append(service, actor, made, 0, _counted(field, left))
        await upload.set_size(service, actor, made, size)
    except ExchangeError:
        await upload.drop_upload(service, actor, made)
        raise
    return size


async def _counted(field: BodyPartReader, left: int) -> AsyncIterator[bytes]:
    while True:
        async with asyncio.timeout(SILENCE_SECONDS):
            chunk = await field.read_chunk(CHUNK)
        if not chunk:
            return
        left -= len(chunk)
        if left < 0:
            raise TooLarge("These files are larger than this form takes. Put them in one by one, or with scripts on.")
        yield chunk

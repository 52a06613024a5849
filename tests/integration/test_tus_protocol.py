"""The tus 1.0.0 protocol (tus.io/protocols/resumable-upload), section by section: one case per requirement.

Each case is named `section: requirement`. A requirement that this server meets otherwise is a case too, and says why.
"""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import product
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from exchange.steps import intake
from exchange.store import reaper
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.tus import BODY_TYPE
from tests.support.putting_in import read_back
from tests.support.tus_desk import PREFIX, SPEAK, Desk, tus_desk

PATCHING = SPEAK | {"Content-Type": BODY_TYPE}
DATA = hashlib.shake_256(b"protocol").digest(100)
VERSIONS = (None, "0.2.2", "1.0", "1.0.1", "2.0.0", "1.0.0, 2.0.0", "")
LENGTHS: tuple[tuple[dict[str, str], int], ...] = (
    ({}, 400),
    ({"Upload_Length": "5", "Upload_Defer_Length": "1"}, 400),
    ({"Upload_Defer_Length": "0"}, 400),
    ({"Upload_Defer_Length": "yes"}, 400),
    ({"Upload_Length": "-1"}, 400),
    ({"Upload_Length": "5.0"}, 400),
    ({"Upload_Length": ""}, 400),
    ({"Upload_Length": str(4 * 1024**3 + 1)}, 413),
)
BAD_METADATA = (
    "", ",", "message {id},", "message {id},,filename QQ==", "message {id},filename QQ==,filename QQ==",
    "message {id},filename Q", "message {id},filename Q*==", "message {id},filename QQ== QQ==",
    "message {id},filename é", "message {id},filename " + "QUFB" * 1100,
)  # fmt: skip
BAD_CHECKSUMS = ("md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 ?", "sha1 é", "", " ", "SHA1 QQ==")


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    """A running end point."""
    async with tus_desk(service) as found:
        yield found


async def ask(desk: Desk, method: str, where: str, body: bytes | None = None, **headers: str) -> tuple[int, dict]:
    """Status and headers of one request, `Upload_Offset="0"` for a header; nothing is added."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with desk.client.request(method, where, data=body, headers=sent, skip_auto_headers=["Content-Type"]) as found:
        await found.read()
        return found.status, {name.lower(): value for name, value in found.headers.items()}


def spoken(**headers: str) -> dict[str, str]:
    """Headers of a request that speaks tus."""
    return {"Tus_Resumable": "1.0.0"} | headers


def id_of(where: str) -> UUID:
    """The upload of an address."""
    return UUID(where.rsplit("/", 1)[1])


async def _uploads(desk: Desk) -> int:
    """How many were ever announced."""
    async with reading(desk.service) as conn:
        return int((await conn.execute(select(func.count()).select_from(t.upload))).scalar_one())


def checksum(algorithm: str, data: bytes) -> str:
    """An Upload-Checksum."""
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


# -- core protocol ------------------------------------------------------------------------------------------------


async def test_core_head_tells_offset_and_length_also_at_zero(desk: Desk) -> None:
    """Core, HEAD: the response always has Upload-Offset, even 0, and Upload-Length where it is known."""
    status, told = await ask(desk, "HEAD", await desk.create(100), **spoken())
    assert (status, told["upload-offset"], told["upload-length"]) == (200, "0", "100")


async def test_core_head_is_not_cached(desk: Desk) -> None:
    """Core, HEAD: Cache-Control: no-store."""
    assert (await ask(desk, "HEAD", await desk.create(100), **spoken()))[1]["cache-control"] == "no-store"


async def test_core_head_of_what_is_not_there_has_no_offset(desk: Desk) -> None:
    """Core, HEAD: 404 or 410 for no such upload, or one that was given up, and no Upload-Offset."""
    gone = await desk.create(100)
    assert (await ask(desk, "DELETE", gone, **spoken()))[0] == 204
    for where, expected in ((f"{desk.url}{PREFIX}/{uuid4()}", 404), (gone, 410)):
        status, told = await ask(desk, "HEAD", where, **spoken())
        assert (status, "upload-offset" in told) == (expected, False)


async def test_core_patch_answers_204_with_the_new_offset(desk: Desk) -> None:
    """Core, PATCH: 204 and the new Upload-Offset; the bytes are applied at the offset."""
    where = await desk.create(100)
    assert await desk.patch(where, 0, DATA[:40]) == (204, "40")
    assert await desk.patch(where, 40, DATA[40:]) == (204, "100")
    assert await read_back(desk.service, id_of(where)) == DATA


async def test_core_patch_of_another_type_is_415(desk: Desk) -> None:
    """Core, PATCH: anything but application/offset+octet-stream is 415, a missing type too."""
    where = await desk.create(100)
    for kind in ({"Content_Type": "application/octet-stream"}, {"Content_Type": "multipart/form-data"}, {}):
        assert (await ask(desk, "PATCH", where, b"x", **spoken(Upload_Offset="0", **kind)))[0] == 415
    assert (await desk.head(where))[1]["Upload-Offset"] == "0"


async def test_core_patch_at_a_wrong_offset_is_409(desk: Desk) -> None:
    """Core, PATCH: 409 where the offset does not match, and the upload is not modified."""
    where = await desk.create(100)
    for offset in ("5", "100", "101", "9007199254740992"):
        assert (await ask(desk, "PATCH", where, b"x", **spoken(Upload_Offset=offset, Content_Type=BODY_TYPE)))[0] == 409
    assert (await desk.head(where))[1]["Upload-Offset"] == "0"


async def test_core_patch_at_a_wrong_offset_sets_no_length_either(desk: Desk) -> None:
    """Core, PATCH with Creation: a request that is refused for its offset does not settle a deferred length."""
    where = await desk.create(None)
    assert (await desk.patch(where, 7, b"x", Upload_Length="8"))[0] == 409
    told = (await desk.head(where))[1]
    assert (told["Upload-Defer-Length"], "Upload-Length" in told) == ("1", False)


async def test_core_patch_of_nothing_known_is_404(desk: Desk) -> None:
    """Core, PATCH: no such upload, 404."""
    assert (await desk.patch(f"{desk.url}{PREFIX}/{uuid4()}", 0, b"x"))[0] == 404


async def test_core_an_empty_patch_changes_nothing(desk: Desk) -> None:
    """Core, PATCH: no bytes are no fault while the upload is open."""
    where = await desk.create(100)
    assert await desk.patch(where, 0, b"") == (204, "0")


async def test_core_options_needs_no_version_and_tells_ours(desk: Desk) -> None:
    """Core, OPTIONS: 204 with Tus-Version, extensions and largest size; a client's Tus-Resumable is ignored."""
    for sent in ({}, {"Tus_Resumable": "0.2.2"}):
        status, told = await ask(desk, "OPTIONS", desk.url + PREFIX, **sent)
        assert (status, told["tus-version"], told["tus-max-size"]) == (204, "1.0.0", str(4 * 1024**3))
        assert "creation" in told["tus-extension"].split(",")


async def test_core_another_version_is_412(desk: Desk) -> None:
    """Core, Tus-Resumable: a missing or other version is 412 with Tus-Version, and nothing is processed."""
    where = await desk.create(100)
    sent = {"Upload_Offset": "0", "Upload_Length": "5", "Content_Type": BODY_TYPE}
    for version, method in product(VERSIONS, ("POST", "HEAD", "PATCH", "DELETE")):
        spoke = {} if version is None else {"Tus_Resumable": version}
        place = desk.url + PREFIX if method == "POST" else where
        status, told = await ask(desk, method, place, b"12345", **sent, **spoke)
        assert (status, told["tus-version"], told["tus-resumable"]) == (412, "1.0.0", "1.0.0")
    assert (await desk.head(where))[1]["Upload-Offset"] == "0"
    assert await _uploads(desk) == 1


async def test_core_every_answer_names_the_version(desk: Desk) -> None:
    """Core, Tus-Resumable: in every response but OPTIONS, refusals included."""
    where = await desk.create(100)
    for method, sent in (
        ("HEAD", {}),
        ("PATCH", {"Upload_Offset": "0", "Content_Type": BODY_TYPE}),
        ("PATCH", {"Upload_Offset": "9", "Content_Type": BODY_TYPE}),
        ("PATCH", {"Content_Type": "text/plain"}),
        ("POST", {"X_HTTP_Method_Override": "TRACE"}),
        ("DELETE", {}),
        ("DELETE", {}),
    ):
        assert (await ask(desk, method, where, b"", **spoken(**sent)))[1]["tus-resumable"] == "1.0.0"


async def test_core_method_override_counts_for_the_method(desk: Desk) -> None:
    """Core, X-HTTP-Method-Override: the request is taken as that method, at both addresses."""
    where, at = await desk.create(5), {"Upload_Offset": "0", "Content_Type": BODY_TYPE}
    assert (await ask(desk, "POST", desk.url + PREFIX, X_HTTP_Method_Override="OPTIONS"))[0] == 204
    assert (await ask(desk, "POST", where, X_HTTP_Method_Override="OPTIONS"))[0] == 204
    assert (await ask(desk, "POST", desk.url + PREFIX, **spoken(X_HTTP_Method_Override="PATCH")))[0] == 405
    assert (await ask(desk, "POST", where, b"12345", **spoken(X_HTTP_Method_Override="PATCH", **at)))[0] == 204
    status, told = await ask(desk, "POST", where, **spoken(X_HTTP_Method_Override="HEAD"))
    assert (status, told["upload-offset"]) == (200, "5")
    assert (await ask(desk, "POST", where, **spoken(X_HTTP_Method_Override="delete")))[0] == 204
    assert (await desk.head(where))[0] == 410


# -- creation -----------------------------------------------------------------------------------------------------


async def test_creation_answers_201_with_the_place(desk: Desk) -> None:
    """Creation, POST: 201 and the Location of a new upload each time."""
    places = {await desk.create(100) for _ in range(3)}
    assert len(places) == 3
    for where in places:
        assert (await desk.head(where))[0] == 200


async def test_creation_needs_one_good_length(desk: Desk) -> None:
    """Creation, POST: Upload-Length or Upload-Defer-Length: 1; above Tus-Max-Size 413. Nothing is made."""
    told = {"Upload_Metadata": desk.told()["Upload-Metadata"]}
    for sent, expected in LENGTHS:
        assert (await ask(desk, "POST", desk.url + PREFIX, **spoken(**told, **sent)))[0] == expected, sent
    assert await _uploads(desk) == 0


async def test_creation_of_an_empty_file_is_refused_in_words(desk: Desk) -> None:
    """Creation, Upload-Length 0: otherwise here. An empty file is no message, so it is refused before it is sent."""
    told = {"Upload_Metadata": desk.told()["Upload-Metadata"]}
    assert (await ask(desk, "POST", desk.url + PREFIX, **spoken(Upload_Length="0", **told)))[0] == 422


async def test_creation_deferred_length_is_told_until_it_is_known(desk: Desk) -> None:
    """Creation, Upload-Defer-Length: HEAD says 1 until a PATCH brings Upload-Length."""
    where = await desk.create(None)
    assert await desk.patch(where, 0, DATA[:60]) == (204, "60")
    assert (await desk.head(where))[1]["Upload-Defer-Length"] == "1"
    assert await desk.patch(where, 60, DATA[60:], Upload_Length="100") == (204, "100")
    told = (await desk.head(where))[1]
    assert (told["Upload-Length"], "Upload-Defer-Length" in told) == ("100", False)
    assert await read_back(desk.service, id_of(where)) == DATA


async def test_creation_a_length_is_never_changed(desk: Desk) -> None:
    """Creation: once set, Upload-Length stays; the same again is no fault, another one is 409, a short one too."""
    where = await desk.create(None)
    assert await desk.patch(where, 0, DATA[:60], Upload_Length="100") == (204, "60")
    assert (await desk.patch(where, 60, b"x", Upload_Length="99"))[0] == 409
    assert await desk.patch(where, 60, DATA[60:80], Upload_Length="100") == (204, "80")
    short = await desk.create(None)
    assert await desk.patch(short, 0, DATA[:60]) == (204, "60")
    assert (await desk.patch(short, 60, b"", Upload_Length="59"))[0] == 409
    assert (await desk.patch(short, 60, b"", Upload_Length=str(4 * 1024**3 + 1)))[0] == 413
    assert (await desk.head(short))[1]["Upload-Offset"] == "60"


async def test_creation_bad_metadata_is_400(desk: Desk) -> None:
    """Creation, Upload-Metadata: a key empty or twice, no base64, or far too much: 400, and nothing is made."""
    known = base64.b64encode(str(desk.message).encode()).decode()
    for untrusted in BAD_METADATA:
        sent = spoken(Upload_Length="5", Upload_Metadata=untrusted.replace("{id}", known))
        assert (await ask(desk, "POST", desk.url + PREFIX, **sent))[0] == 400, untrusted
    assert await _uploads(desk) == 0


async def test_creation_a_metadata_value_may_be_empty(desk: Desk) -> None:
    """Creation, Upload-Metadata: an empty value, with or without the space; keys that nobody knows are ignored."""
    known = base64.b64encode(str(desk.message).encode()).decode()
    for more in ("filename", "filename ", "is_confidential,filetype YXVkaW8="):
        sent = spoken(Upload_Length="5", Upload_Metadata=f"message {known},{more}")
        assert (await ask(desk, "POST", desk.url + PREFIX, **sent))[0] == 201


async def test_creation_a_name_is_never_told_again(desk: Desk) -> None:
    """Creation, HEAD: otherwise here. Metadata holds a file's name, which is sealed and not even ours to read."""
    where = await desk.create(5)
    told = (await desk.head(where))[1]
    assert "Upload-Metadata" not in told
    assert "voice" not in str(told)


# -- creation with upload -----------------------------------------------------------------------------------------


async def test_creation_with_upload_takes_the_first_bytes(desk: Desk) -> None:
    """Creation With Upload: 201 with Location and the Upload-Offset after the bytes that came along."""
    sent = spoken(Content_Type=BODY_TYPE, Upload_Length="100", Upload_Metadata=desk.told()["Upload-Metadata"])
    status, told = await ask(desk, "POST", desk.url + PREFIX, DATA, **sent)
    assert (status, told["upload-offset"]) == (201, "100")
    assert await read_back(desk.service, id_of(told["location"])) == DATA


async def test_creation_with_upload_of_another_type_is_415(desk: Desk) -> None:
    """Creation With Upload: the content type is that of PATCH; an empty body needs none."""
    told = {"Upload_Length": "5", "Upload_Metadata": desk.told()["Upload-Metadata"]}
    assert (await ask(desk, "POST", desk.url + PREFIX, b"12345", **spoken(Content_Type="text/plain", **told)))[0] == 415
    status, found = await ask(desk, "POST", desk.url + PREFIX, b"", **spoken(**told))
    assert (status, "upload-offset" in found) == (201, False)


async def test_creation_with_upload_that_is_refused_leaves_nothing(desk: Desk) -> None:
    """Creation With Upload: after 460 or 413 nobody knows the upload's address, so it does not stay in the way."""
    told = {"Upload_Metadata": desk.told()["Upload-Metadata"], "Content_Type": BODY_TYPE}
    wrong = spoken(Upload_Length="5", Upload_Checksum=checksum("sha1", b"other"), **told)
    assert (await ask(desk, "POST", desk.url + PREFIX, b"12345", **wrong))[0] == 460
    assert (await ask(desk, "POST", desk.url + PREFIX, b"123456", **spoken(Upload_Length="5", **told)))[0] == 413
    where = await desk.create(5)
    assert await desk.patch(where, 0, b"12345") == (204, "5")
    await intake.finish(desk.service, desk.case.staff, desk.message)


# -- expiration ---------------------------------------------------------------------------------------------------


async def test_expiration_is_told_while_an_upload_is_open(desk: Desk) -> None:
    """Expiration: Upload-Expires as an HTTP date in the answers of POST, PATCH and HEAD, later than now."""
    told = {"Upload_Length": "100", "Upload_Metadata": desk.told()["Upload-Metadata"]}
    status, made = await ask(desk, "POST", desk.url + PREFIX, **spoken(**told))
    assert status == 201
    where = desk.url + made["location"]
    patched = await ask(desk, "PATCH", where, b"x", **spoken(Upload_Offset="0", Content_Type=BODY_TYPE))
    for found in (made, patched[1], (await ask(desk, "HEAD", where, **spoken()))[1]):
        until = parsedate_to_datetime(found["upload-expires"])
        assert timedelta(days=6) < until - datetime.now(UTC) <= timedelta(days=7)
        assert found["upload-expires"].endswith("GMT")


async def test_expiration_an_upload_past_its_time_is_410(desk: Desk) -> None:
    """Expiration: what ran out answers 410 to HEAD and PATCH, and its bytes are gone."""
    where = await desk.create(100)
    await desk.patch(where, 0, DATA[:40])
    async with reading(desk.service) as conn:
        await conn.execute(update(t.upload).values(expires_at=func.now() - timedelta(minutes=1)))
    assert (await reaper.reap(desk.service)).uploads == 1
    assert (await desk.head(where))[0] == 410
    assert (await desk.patch(where, 40, DATA[40:]))[0] == 410
    assert [key async for key, _ in desk.service.objects.list("upload/")] == []


async def test_expiration_going_on_puts_it_off(desk: Desk) -> None:
    """Expiration: each piece that counts moves Upload-Expires on."""
    where = await desk.create(100)
    async with reading(desk.service) as conn:
        await conn.execute(update(t.upload).values(expires_at=func.now() + timedelta(minutes=1)))
    await desk.patch(where, 0, DATA[:40])
    until = parsedate_to_datetime((await desk.head(where))[1]["Upload-Expires"])
    assert until - datetime.now(UTC) > timedelta(days=6)


# -- checksum -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_checksum_that_matches_counts(desk: Desk, algorithm: str) -> None:
    """Checksum: SHA-1, which every server has, and SHA-256."""
    where = await desk.create(100)
    assert await desk.patch(where, 0, DATA, Upload_Checksum=checksum(algorithm, DATA)) == (204, "100")
    assert await read_back(desk.service, id_of(where)) == DATA


async def test_checksum_that_does_not_match_is_460_and_counts_nothing(desk: Desk) -> None:
    """Checksum: 460, the chunk is thrown away, the offset stays, and the right chunk passes afterwards."""
    where = await desk.create(100)
    assert await desk.patch(where, 0, DATA[:40]) == (204, "40")
    assert (await desk.patch(where, 40, DATA[40:], Upload_Checksum=checksum("sha1", DATA)))[0] == 460
    assert (await desk.head(where))[1]["Upload-Offset"] == "40"
    assert await desk.patch(where, 40, DATA[40:], Upload_Checksum=checksum("sha1", DATA[40:])) == (204, "100")
    assert await read_back(desk.service, id_of(where)) == DATA


async def test_checksum_that_is_not_understood_is_400(desk: Desk) -> None:
    """Checksum: an algorithm that is not offered, or no base64: 400, and nothing counts."""
    where = await desk.create(100)
    for untrusted in BAD_CHECKSUMS:
        assert (await desk.patch(where, 0, DATA, Upload_Checksum=untrusted))[0] == 400, untrusted
    assert (await desk.head(where))[1]["Upload-Offset"] == "0"


async def test_checksum_algorithms_are_told(desk: Desk) -> None:
    """Checksum, OPTIONS: Tus-Checksum-Algorithm lists them, with sha1."""
    told = (await ask(desk, "OPTIONS", desk.url + PREFIX))[1]
    assert set(told["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256"}


# -- termination --------------------------------------------------------------------------------------------------


async def test_termination_answers_204_then_410(desk: Desk) -> None:
    """Termination, DELETE: 204, then 404 or 410 for whatever is asked; what is not there is 404."""
    where = await desk.create(100)
    await desk.patch(where, 0, DATA[:40])
    assert (await ask(desk, "DELETE", where, **spoken()))[0] == 204
    for method in ("HEAD", "PATCH", "DELETE"):
        sent = spoken(Upload_Offset="40", Content_Type=BODY_TYPE)
        assert (await ask(desk, method, where, b"", **sent))[0] == 410
    assert (await ask(desk, "DELETE", f"{desk.url}{PREFIX}/{uuid4()}", **spoken()))[0] == 404


async def test_termination_frees_what_was_kept(desk: Desk) -> None:
    """Termination: the key is destroyed at once, the objects by the reaper."""
    where = await desk.create(100)
    await desk.patch(where, 0, DATA)
    await ask(desk, "DELETE", where, **spoken())
    async with reading(desk.service) as conn:
        row = (await conn.execute(select(t.upload).where(t.upload.c.id == id_of(where)))).one()
    assert (row.state, row.key_sealed, row.name_sealed) == ("gone", None, None)
    await reaper.reap(desk.service)
    assert [key async for key, _ in desk.service.objects.list("upload/")] == []

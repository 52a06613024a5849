"""Objects behind any S3 API, through the `minio` client in a bounded pool of threads.

A request that failed in a way that may pass (5xx, time-out, broken connection) is sent again under the same
key: a PUT that was committed before its answer got lost is overwritten by the same bytes, so no duplicate can
arise. A stream goes up in parts, each held in memory, so each can be sent again by itself.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from xml.etree import ElementTree

import certifi
import urllib3
from minio import Minio
from minio.datatypes import ListMultipartUploadsResult
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from exchange.core.errors import ExchangeError, ObjectMissing, StorageFull, StorageUnavailable, WrongSetting
from exchange.settings import Settings
from exchange.store.failpoints import failpoint
from exchange.store.objects.protocol import T, checked_key

THREADS = 16
ATTEMPTS = 4
PART = 8 * 1024**2
SMALLEST_PART = 5 * 1024**2
LEFTOVER = timedelta(days=2)
"""A day more than it need be, for the clocks of this machine and the store may differ."""
INSUFFICIENT_STORAGE = 507
MISSING = {"NoSuchKey", "NoSuchObject"}
FULL = {"EntityTooLarge", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}
PATIENCE = urllib3.Timeout(connect=5, read=60)
RETRIES = urllib3.Retry(
    total=ATTEMPTS,
    redirect=False,  # a store that points elsewhere is not followed: what is sealed goes where the setting says
    backoff_factor=0.2,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)

Found = list[tuple[str, int]]


class S3Objects:
    """An `ObjectStore` in one bucket, which is created on first use if it is not there."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="objects")
        self._bucket_seen = False

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """A store from `s3_*` settings; raises `WrongSetting` for an end point that is none."""
        if not settings.s3_access_key or not settings.s3_secret_key:
            raise WrongSetting("EXCHANGE_S3_ACCESS_KEY and EXCHANGE_S3_SECRET_KEY are needed for S3.")
        pool = urllib3.PoolManager(
            timeout=PATIENCE,
            maxsize=THREADS,
            retries=RETRIES,
            ca_certs=certifi.where(),
        )
        try:
            client = Minio(
                settings.s3_endpoint.removeprefix("https://").removeprefix("http://").rstrip("/"),
                access_key=settings.s3_access_key.get_secret_value(),
                secret_key=settings.s3_secret_key.get_secret_value(),
                secure=settings.s3_secure,
                region=settings.s3_region,
                http_client=pool,
            )
        except ValueError:
            raise WrongSetting("EXCHANGE_S3_ENDPOINT must look like host:port.") from None
        return cls(client, settings.s3_bucket)

    async def put(self, key: str, data: bytes | memoryview) -> None:
        """See `ObjectStore.put`."""
        failpoint("object.asked")
        await self._run(self._put, checked_key(key), data)
        failpoint("object.stored")

    async def put_stream(self, key: str, chunks: Iterator[bytes], length: int) -> None:
        """See `ObjectStore.put_stream`."""
        failpoint("object.asked")
        await self._run(self._put_stream, checked_key(key), chunks, length)
        failpoint("object.stored")

    async def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """See `ObjectStore.get`."""
        return await self._run(self._get, checked_key(key), start, length)

    async def use(self, key: str, work: Callable[[bytes], T], start: int = 0, length: int | None = None) -> T:
        """See `ObjectStore.use`."""
        named = checked_key(key)
        return await self._in_a_thread(lambda: work(self._guarded(self._get, named, start, length)))

    async def size(self, key: str) -> int:
        """See `ObjectStore.size`."""
        found = await self._run(self._stat, checked_key(key))
        return int(found.size or 0)

    async def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        failpoint("object.to_be_deleted")
        with contextlib.suppress(ObjectMissing):
            await self._run(self._delete, checked_key(key))
        failpoint("object.deleted")

    async def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """See `ObjectStore.list`."""
        for found in await self._run(self._list, prefix):
            yield found

    async def tidy(self) -> int:
        """See `ObjectStore.tidy`."""
        return await self._run(self._end_unfinished)

    async def close(self) -> None:
        """Stop the threads once the running requests have ended."""
        await asyncio.to_thread(self._pool.shutdown)
        self._client._http.clear()  # the client has no close of its own

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await self._in_a_thread(lambda: self._guarded(work, *arguments))

    async def _in_a_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _guarded(self, work: Callable[..., T], *arguments: Any) -> T:
        try:
            if not self._bucket_seen:
                self._make_bucket()
            return work(*arguments)
        except _WrongLength:
            raise
        except (MinioException, urllib3.exceptions.HTTPError, OSError, ElementTree.ParseError, ValueError) as error:
            # the last two: an answer that is cut off or says something else than S3 does
            raise _mapped(error) from error

    def _make_bucket(self) -> None:
        if not self._may_be_there():
            with contextlib.suppress(S3Error):  # another process was faster; the request itself tells otherwise
                self._client.make_bucket(self._bucket)
        self._bucket_seen = True

    def _may_be_there(self) -> bool:
        """Who may not look at the bucket may still use what is theirs in it."""
        try:
            return bool(self._client.bucket_exists(self._bucket))
        except S3Error as error:
            if error.code != "AccessDenied":
                raise
            return True

    def _put(self, key: str, data: bytes | memoryview) -> None:
        size = memoryview(data).nbytes
        body = io.BytesIO(data)
        self._client.put_object(self._bucket, key, body, size, part_size=max(size, SMALLEST_PART))

    def _put_stream(self, key: str, chunks: Iterator[bytes], length: int) -> None:
        body: Any = _ExactStream(chunks, length)
        self._client.put_object(self._bucket, key, body, length, part_size=PART, num_parallel_uploads=1)

    def _stat(self, key: str) -> Any:
        return self._client.stat_object(self._bucket, key)

    def _get(self, key: str, start: int, length: int | None) -> bytes:
        if length == 0:
            self._stat(key)
            return b""
        for attempt in range(ATTEMPTS):
            try:
                return self._get_once(key, start, length)
            except (urllib3.exceptions.HTTPError, ElementTree.ParseError):  # broke off after the headers had come
                if attempt == ATTEMPTS - 1:
                    raise
        raise StorageUnavailable

    def _get_once(self, key: str, start: int, length: int | None) -> bytes:
        try:
            response = self._client.get_object(self._bucket, key, start, length or 0)
        except S3Error as error:
            if error.code == "InvalidRange":
                return b""
            raise
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def _delete(self, key: str) -> None:
        self._client.remove_object(self._bucket, key)

    def _end_unfinished(self) -> int:
        """Parts of a stream whose sender died: no list of objects shows them. The client has this for itself only."""
        # asked without the empty delimiter that the client's own listing sends: Swift then lists nothing at all
        answer = self._client._execute("GET", self._bucket, query_params={"uploads": ""})
        found = ListMultipartUploadsResult(answer).uploads
        before = datetime.now(UTC) - LEFTOVER
        old = [one for one in found if one.initiated_time is not None and one.initiated_time < before]
        for one in old:
            with contextlib.suppress(S3Error):  # it has ended meanwhile
                self._client._abort_multipart_upload(self._bucket, str(one.object_name), str(one.upload_id))
        return len(old)

    def _list(self, prefix: str) -> Found:
        found = self._client.list_objects(self._bucket, prefix=prefix, recursive=True)
        return [(str(item.object_name), int(item.size or 0)) for item in found]


class _ExactStream:
    """A readable over `chunks` that raises ValueError unless they hold exactly `length` bytes."""

    def __init__(self, chunks: Iterator[bytes], length: int) -> None:
        self._chunks = chunks
        self._left = length
        self._rest = b""
        self._check_end()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; the last ones only once the iterator has shown that it ends there."""
        while not self._rest and self._left:
            self._rest = next(self._chunks, b"") or self._stop()
        part, self._rest = self._rest[:size], self._rest[size:]
        self._left -= len(part)
        self._check_end()
        return part

    def _check_end(self) -> None:
        if self._left < 0 or (self._left == 0 and (self._rest or any(self._chunks))):
            self._stop()

    def _stop(self) -> bytes:
        raise _WrongLength("the stream's length is not the one announced")


class _WrongLength(ValueError):
    """The fault of whoever gave the stream, not of the store."""


def _mapped(error: Exception) -> ExchangeError:
    """The error of `ObjectStore` for a client's; its text, which may hold a host name, is never shown."""
    if isinstance(error, S3Error):
        if error.code in MISSING:
            return ObjectMissing()
        return StorageFull() if error.code in FULL else StorageUnavailable()
    full = isinstance(error, ServerError) and error.status_code == INSUFFICIENT_STORAGE
    full = full or (isinstance(error, InvalidResponseError) and error._code == INSUFFICIENT_STORAGE)
    return StorageFull() if full else StorageUnavailable()

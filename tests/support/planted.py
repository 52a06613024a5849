"""Secrets and names that a walk puts in, and every place in which they must not be found again."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy import text

from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.running import Exchange


@dataclass
class Planted:
    """What was put in: secrets (found in any encoding) and words of people."""

    secrets: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def needles(self) -> dict[str, bytes]:
        """Each as it is, in hexadecimal and in base 64; secrets also as the bytes that they stand for."""
        found: dict[str, bytes] = {}
        for name, value in (self.secrets | self.words).items():
            raw = value.encode()
            found |= {
                name: raw,
                f"{name} in hex": raw.hex().encode(),
                f"{name} in base 64": base64.b64encode(raw).rstrip(b"="),
            }
        for name, value in self.secrets.items():
            if len(value) == 43:  # 32 bytes, as links and cookies are written
                found[f"{name}, its bytes"] = base64.urlsafe_b64decode(value + "=").hex().encode()
        return found


def hits(planted: Planted, haystacks: dict[str, bytes]) -> list[tuple[str, str]]:
    """(what, where) of everything that was found again."""
    needles = planted.needles()
    return [(name, where) for where, hay in haystacks.items() for name, needle in needles.items() if needle in hay]


async def haystacks(running: Exchange, service: Service, urls: Iterable[str], postgres: Path) -> dict[str, bytes]:
    """Every log, every table, every object, every address, every metric, by name."""
    found = {f"log {log.name}": log.read_bytes() for log in sorted(running.tree.logs.glob("*.log"))}
    found["log postgres"] = postgres.read_bytes() if postgres.exists() else b""
    found |= await tables(service)
    folder = running.settings.folder
    for path in (one for one in sorted(folder.rglob("*")) if one.is_file() and "keys" not in one.parts):
        found[f"file {path.relative_to(folder)}"] = str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes()
    found["addresses"] = "\n".join(urls).encode()
    for port in running.metrics:
        found[f"metrics {port}"] = await _metrics(port)
    return found


async def _metrics(port: int) -> bytes:
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as answer:
        return await answer.read()


async def tables(service: Service) -> dict[str, bytes]:
    """Every row of every table of every schema, as text."""
    listed = text(
        "select table_schema, table_name from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
    )
    found = {}
    async with reading(service) as conn:
        for schema, name in (await conn.execute(listed)).all():
            rows = await conn.execute(text(f'select t::text from "{schema}"."{name}" t'))  # noqa: S608  # ours
            found[f"table {schema}.{name}"] = "\n".join(rows.scalars()).encode()
    return found

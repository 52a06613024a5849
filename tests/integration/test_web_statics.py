"""Static files: small over the line, kept for a year; pages never compressed."""

import gzip
import re

import pytest

from exchange.web.frame.statics import ROOT
from tests.support.preview_site import running_site

CSS = "vendor/govuk-frontend.min.css"


@pytest.mark.parametrize(
    ("asked", "encoding"),
    [
        ("gzip, deflate, br", "gzip"),
        ("br;q=1.0, GZIP;q=0.5", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
async def test_static_files_are_small_for_who_takes_gzip(asked: str, encoding: str | None) -> None:
    """The same content either way, and caches are told that it depends."""
    async with running_site("portal") as running:
        page = await (await running.client.get(running.url + "/form")).text()
        found = re.search(r'href="(/static/[^"]+govuk-frontend\.min\.css)"', page)
        assert found
        headers = {"Accept-Encoding": asked}
        async with running.client.get(running.url + found[1], headers=headers, auto_decompress=False) as answer:
            body = await answer.read()
            assert answer.headers.get("Content-Encoding") == encoding
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (gzip.decompress(body) if encoding else body) == (ROOT / CSS).read_bytes()
    assert (len(body) < 20_000) is bool(encoding)


async def test_pages_are_never_compressed() -> None:
    """They hold tokens beside what somebody chose: their length must not tell one by the other (BREACH)."""
    async with running_site("portal") as running:
        for path in ("/form", "/form?reference=aaaa", "/gallery", "/nothing", "/language"):
            headers = {"Accept-Encoding": "gzip, deflate, br, zstd"}
            async with running.client.get(running.url + path, headers=headers, auto_decompress=False) as answer:
                assert "Content-Encoding" not in answer.headers
                assert b"<!DOCTYPE html>" in await answer.read()

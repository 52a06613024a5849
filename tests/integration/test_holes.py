"""`make holes` against stand-ins for both databases of published holes: the real ones are not on every network."""

import gzip
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


@contextmanager
def databases(holes: set[str]) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """OSV's `/v1/query` and npm's bulk advisories, which know holes in these packages; what was asked."""
    asked: set[tuple[str, str]] = set()

    class Both(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            answer = json.dumps(self._answer(json.loads(body))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:  # the library's name
            self.send_error(404)  # what else npm would like to know of a package

        def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
            if "advisories" in self.path:
                asked.update((name, version) for name, versions in question.items() for version in versions)
                return {name: [ADVISORY] for name in question if name in holes}
            name = question["package"]["name"]
            asked.add((name, question["version"]))
            hole = HOLE | {"affected": [AFFECTED | {"package": question["package"]}]}
            return {"vulns": [hole]} if name in holes else {}

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Both)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


AFFECTED = {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9999"}]}]}
HOLE = {"id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z", "summary": "A hole", "details": "A hole"}
ADVISORY = {
    "id": 1, "url": "about:blank", "title": "A hole in a page", "severity": "high",
    "vulnerable_versions": "<9999", "cwe": [], "cvss": {"score": 0, "vectorString": None},
}  # fmt: skip


def look(url: str) -> subprocess.CompletedProcess[str]:
    """`make holes` with those databases."""
    command = [sys.executable, "tools/holes.py", f"--osv-url={url}/v1/query", f"--npm-registry={url}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_every_locked_version_is_asked_for() -> None:
    """Of both lock files of Python and of the pages' packages; none has a hole: exit code 0."""
    with databases(set()) as (url, asked):
        done = look(url)
    assert done.returncode == 0, done.stdout + done.stderr
    for lock in ("requirements.lock", "requirements-test.lock"):
        assert set(LOCKED.findall((ROOT / lock).read_text("utf-8"))) - asked == set()
    pages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    names = {path.removeprefix("node_modules/"): told["version"] for path, told in pages.items() if path}
    assert set(names.items()) - asked == set()


@pytest.mark.parametrize("package", ["cryptography", "tus-js-client"])
def test_a_published_hole_fails_and_is_named(package: str) -> None:
    """Exit code 1; the package is named, whichever database knows it."""
    with databases({package}) as (url, _):
        done = look(url)
    assert done.returncode == 1
    assert re.search(rf"^{package}\b", done.stdout, re.MULTILINE)


def test_a_database_that_does_not_answer_is_not_a_clean_bill() -> None:
    """Nobody listens there: exit code 1."""
    assert look("http://127.0.0.1:9").returncode == 1

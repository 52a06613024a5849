"""A stand-in for the transit engine of HashiCorp Vault / OpenBao: real HTTP, real AES-256-GCM, versions, tokens.

Neither server can be had from Debian, PyPI or npm on a bare machine, so this answers as their public API describes
(`/v1/<mount>/keys|encrypt|decrypt|rewrap/<name>`): keys of type aes256-gcm96 with `derived` on (HKDF-SHA256 of the
version's key with the context), ciphertext `vault:v<version>:<base64 of nonce ‖ ciphertext ‖ tag>`, errors as
{"errors": […]} with 400, 403, 404 and, sealed, 503. What it does not show: that a real server agrees.
"""

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Refusal(Exception):
    """An HTTP status with the sentence of the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass
class Transit:
    """The engine's state; `sealed` answers 503 to everything."""

    token: str = field(default_factory=lambda: "hvs." + secrets.token_urlsafe(18), repr=False)
    keys: dict[str, dict[int, bytes]] = field(default_factory=dict, repr=False)
    sealed: bool = False
    url: str = ""

    def answer(self, token: str, method: str, path: str, sent: dict[str, Any]) -> dict[str, Any]:
        """One request; its "data"."""
        if self.sealed:
            raise Refusal(503, "Vault is sealed")
        if token != self.token:
            raise Refusal(403, "permission denied")
        mount, verb, name, *more = path.removeprefix("/v1/").split("/")
        if mount != "transit":
            raise Refusal(404, "no handler for route")
        if verb == "keys":
            return self._keys(method, name, more, sent)
        if name not in self.keys:
            raise Refusal(400, "encryption key not found")
        versions = self.keys[name]
        if verb == "encrypt":
            return self._encrypt(versions, int(sent.get("key_version") or max(versions)), sent, sent["plaintext"])
        opened = self._decrypt(versions, sent)
        return {"plaintext": opened} if verb == "decrypt" else self._encrypt(versions, max(versions), sent, opened)

    def _keys(self, method: str, name: str, more: list[str], sent: dict[str, Any]) -> dict[str, Any]:
        if method in ("POST", "PUT") and not more:
            if not sent.get("derived") or sent.get("type") != "aes256-gcm96":
                raise Refusal(400, "this stand-in knows derived aes256-gcm96 only")
            self.keys.setdefault(name, {1: secrets.token_bytes(32)})
            return {}
        if name not in self.keys:
            raise Refusal(404, "")
        versions = self.keys[name]
        if more == ["rotate"]:
            versions[max(versions) + 1] = secrets.token_bytes(32)
        return {
            "type": "aes256-gcm96", "derived": True, "exportable": False, "min_decryption_version": min(versions),
            "latest_version": max(versions), "keys": {str(n): 1_700_000_000 for n in versions},
        }  # fmt: skip

    def _encrypt(self, versions: dict[int, bytes], version: int, sent: dict[str, Any], plain: str) -> dict[str, Any]:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(_derived(versions, version, sent)).encrypt(nonce, base64.b64decode(plain), None)
        text = base64.b64encode(nonce + sealed).decode()
        return {"ciphertext": f"vault:v{version}:{text}", "key_version": version}

    def _decrypt(self, versions: dict[int, bytes], sent: dict[str, Any]) -> str:
        try:
            _, version, text = sent["ciphertext"].split(":")
            data = base64.b64decode(text, validate=True)
            key = _derived(versions, int(version.removeprefix("v")), sent)
            return base64.b64encode(AESGCM(key).decrypt(data[:12], data[12:], None)).decode()
        except (ValueError, InvalidTag):
            raise Refusal(400, "cipher: message authentication failed") from None


def _derived(versions: dict[int, bytes], version: int, sent: dict[str, Any]) -> bytes:
    if not sent.get("context"):
        raise Refusal(400, "missing 'context' for key derivation")
    if version not in versions:
        raise Refusal(400, "invalid key version")
    return HKDF(SHA256(), 32, None, base64.b64decode(sent["context"])).derive(versions[version])


@contextmanager
def transit_server() -> Iterator[Transit]:
    """A running one on a free port of loopback."""
    state = Transit()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length) or b"{}")
            token = self.headers.get("X-Vault-Token", "")
            try:
                status, body = 200, {"data": state.answer(token, self.command, self.path, sent)}
            except Refusal as refusal:
                status, body = refusal.status, {"errors": [str(refusal)] if str(refusal) else []}
            answer = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_GET  # noqa: N815  # the names that http.server calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

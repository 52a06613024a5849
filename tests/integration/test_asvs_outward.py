"""What the service calls must be who it says it is, and is where the settings say (ASVS 5.0.0 12.3.2, 15.3.2)."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exchange.core.errors import KeysUnavailable, StorageUnavailable
from exchange.settings import Settings
from exchange.store.mailer import TLS_PORT, MailError, MailServer, deliver
from exchange.store.objects.s3 import S3Objects
from exchange.store.rootkey_vault import VaultKeys
from tests.support.tls import untrusted_server, whole_request

STORE = {"objects": "s3", "s3_access_key": "made-up", "s3_secret_key": "made-up-secret"}


async def test_a_store_with_an_untrusted_certificate_gets_nothing(tmp_path: Path) -> None:
    """No request, so no object and no name of one."""
    with untrusted_server(tmp_path) as server:
        objects = S3Objects.from_settings(Settings.load(s3_endpoint=f"127.0.0.1:{server.port}", **STORE))
        with pytest.raises(StorageUnavailable):
            await objects.put("upload/x", b"sealed")
        await objects.close()
        assert server.came == []


def test_a_vault_with_an_untrusted_certificate_gets_nothing(tmp_path: Path) -> None:
    """No token and no key; and with that certificate's own authority named, it is spoken to."""
    with untrusted_server(tmp_path) as server:
        place = {"vault_url": f"https://127.0.0.1:{server.port}", "vault_token": "made-up-token"}
        with pytest.raises(KeysUnavailable):
            VaultKeys(Settings.load(**place)).transit("encrypt_data", plaintext="QQ==")
        assert server.came == []
        VaultKeys(Settings.load(**place, vault_ca=tmp_path / "self-signed.pem")).transit(
            "encrypt_data", plaintext="QQ=="
        )
        assert b"made-up-token" in server.came[0]


async def test_a_mail_server_with_an_untrusted_certificate_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither password nor message; the port for TLS from the start is this server's."""
    with untrusted_server(tmp_path) as server:
        monkeypatch.setattr("exchange.store.mailer.TLS_PORT", server.port)
        assert TLS_PORT == 465
        post = MailServer("127.0.0.1", server.port, "user", "made-up", False, "messages@example.org", "Messages")
        with pytest.raises(MailError):
            await deliver(post, "jo@example.org", "1 item waits", "1 item waits.")
        assert server.came == []


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server without TLS that says the same to everybody; its port and what it was asked."""
    came: list[bytes] = []
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(5)
                    came.append(whole_request(connection))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1], came
        finally:
            ended.set()
            thread.join()


async def test_no_redirect_of_store_or_vault_is_followed() -> None:
    """Whoever answers in their place cannot send us on to another address with what we carry."""
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as (further, reached):
        there = f"Location: http://127.0.0.1:{further}/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        with answering(b"HTTP/1.1 307 Temporary Redirect\r\n" + there) as (port, asked):
            objects = S3Objects.from_settings(Settings.load(s3_endpoint=f"127.0.0.1:{port}", s3_secure=False, **STORE))
            with pytest.raises(StorageUnavailable):
                await objects.put("upload/x", b"sealed")
            await objects.close()
            vault = VaultKeys(Settings.load(vault_url=f"http://127.0.0.1:{port}", vault_token="made-up-token"))
            assert vault.transit("encrypt_data", plaintext="QQ==") == {}
        assert len(asked) >= 2
        assert reached == []

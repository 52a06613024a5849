"""A server on loopback with a certificate of its own making, which nobody has a reason to trust."""

import datetime as dt
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@dataclass
class Untrusted:
    """Where it listens, and everything that came through once a client had agreed to the certificate."""

    port: int
    came: list[bytes] = field(default_factory=list)


@contextmanager
def untrusted_server(folder: Path) -> Iterator[Untrusted]:
    """It finishes any handshake that a client goes along with, and keeps what it is then told."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(self_signed(folder))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        server, ended = Untrusted(listening.getsockname()[1]), threading.Event()
        thread = threading.Thread(target=_serve, args=(listening, tls, server, ended))
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            thread.join()


def self_signed(folder: Path) -> Path:
    """Certificate and key of this machine, by number and by name, in one file."""
    key, now = generate_private_key(SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]),
            critical=False,
        )
        .sign(key, SHA256())
    )
    path = folder / "self-signed.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return path


def whole_request(connection: socket.socket) -> bytes:
    """One request with its body, read to its end so that closing afterwards resets nothing."""
    came = b""
    while part := connection.recv(65536):
        came += part
        head, end, body = came.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            break
    return came


def _serve(listening: socket.socket, tls: ssl.SSLContext, server: Untrusted, ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(OSError):  # nobody came, or whoever came did not like the certificate
            plain, _ = listening.accept()
            plain.settimeout(5)
            with plain, tls.wrap_socket(plain, server_side=True) as connection:
                server.came.append(whole_request(connection))
                connection.sendall(ANSWER)

"""A real S3 server on loopback: OpenStack Swift with its s3api, one device, one replica.

Four processes (proxy, account, container, object) over one folder; ready in about a second. The folder's file
system must have user xattrs. Run as a script it serves until Ctrl-C, which is handy beside a running demo.
"""

import hashlib
import os
import pwd
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from tests.support.ports import free_port, wait_for_port

ACCOUNT, USER, SECRET = "tests", "exchange", "made-up-secret"
PORTAL, PORTAL_SECRET = "portal", "another-made-up-secret"
STORES = ("object", "container", "account")
PIPELINE = "catch_errors gatekeeper healthcheck listing_formats bulk s3api tempauth slo dlo"
FILTER_SETTINGS = {
    "s3api": "location = us-east-1\ns3_acl = false\ncheck_bucket_owner = true",
    "tempauth": f"user_{ACCOUNT}_{USER} = {SECRET} .admin\nuser_{ACCOUNT}_{PORTAL} = {PORTAL_SECRET}",
}
COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {etc}
devices = {folder}/node
recon_cache_path = {folder}/run
mount_check = false
workers = 0
disable_fallocate = true
log_level = ERROR
log_address = {folder}/no-syslog
"""
SWIFT = """[swift-hash]
swift_hash_path_suffix = tests
swift_hash_path_prefix = tests
[storage-policy:0]
name = Policy-0
default = yes
"""


@dataclass(frozen=True)
class Swift:
    """How to reach the server. `endpoint` is host:port without a scheme, plain HTTP."""

    endpoint: str
    access_key: str
    secret_key: str
    processes: tuple[subprocess.Popen[bytes], ...]
    containers: int

    def settings(self, bucket: str) -> dict[str, object]:
        """Keyword arguments for `Settings.load`."""
        return {
            "objects": "s3",
            "s3_endpoint": self.endpoint,
            "s3_secure": False,
            "s3_access_key": self.access_key,
            "s3_secret_key": self.secret_key,
            "s3_bucket": bucket,
        }

    def admit_portal(self, bucket: str, *, read: bool = True) -> dict[str, object]:
        """Let the portal's own user (read and) write objects of this bucket, and of no other; its settings.

        By Swift's access list of a container, set at the container server itself: tokens would need a memcached.
        Elsewhere `deploy/portal-bucket-policy.json` says the same.
        """
        listed = f"{ACCOUNT}:{PORTAL}"
        place = hashlib.md5(f"tests/AUTH_{ACCOUNT}/{bucket}tests".encode(), usedforsecurity=False).digest()
        rights = {"X-Timestamp": f"{time.time():.5f}", "X-Container-Write": listed}
        rights |= {"X-Container-Read": listed if read else ""}
        with closing(HTTPConnection("127.0.0.1", self.containers)) as connection:
            connection.request("POST", f"/d1/{place[0] >> 4}/AUTH_{ACCOUNT}/{bucket}", headers=rights)
            assert connection.getresponse().status == HTTPStatus.NO_CONTENT
        own = {"portal_s3_access_key": listed, "portal_s3_secret_key": PORTAL_SECRET}
        return self.settings(bucket) | own


@contextmanager
def swift_server(folder: Path) -> Iterator[Swift]:
    """The server over `folder` for as long as the block runs."""
    ports = {name: free_port() for name in (*STORES, "proxy")}
    etc = folder / "etc"
    for made in (etc, folder / "node" / "d1", folder / "run"):
        made.mkdir(parents=True)
    (etc / "swift.conf").write_text(SWIFT)
    for name, port in ports.items():
        common = COMMON.format(port=port, user=pwd.getpwuid(os.getuid()).pw_name, etc=etc, folder=folder)
        (etc / f"{name}-server.conf").write_text(common + (_proxy() if name == "proxy" else _store(name)))
    for name in STORES:
        _ring(etc / f"{name}.builder", ports[name])
    with ExitStack() as stack:
        processes = tuple(stack.enter_context(_server(name, folder)) for name in ports)
        for port in ports.values():
            wait_for_port(port)
        yield Swift(f"127.0.0.1:{ports['proxy']}", f"{ACCOUNT}:{USER}", SECRET, processes, ports["container"])


def _store(name: str) -> str:
    return f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"


def _proxy() -> str:
    lines = [f"[pipeline:main]\npipeline = {PIPELINE} proxy-server"]
    lines += ["[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true"]
    lines += [f"[filter:{name}]\nuse = egg:swift#{name}\n{FILTER_SETTINGS.get(name, '')}" for name in PIPELINE.split()]
    return "\n".join(lines) + "\n"


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _ring(builder: Path, port: int) -> None:
    device = ["--region", "1", "--zone", "1", "--ip", "127.0.0.1", "--port", str(port), "--device", "d1"]
    for step in (["create", "4", "1", "0"], ["add", *device, "--weight", "1"], ["rebalance"]):
        command = [_program("swift-ring-builder"), str(builder), *step]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def _server(name: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        command = [_program(f"swift-{name}-server"), str(folder / "etc" / f"{name}-server.conf")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, swift_server(Path(place)) as swift:
        print(f"http://{swift.endpoint} access={swift.access_key} secret={swift.secret_key}", flush=True)
        swift.processes[0].wait()

"""Root keys in HashiCorp Vault or OpenBao: the transit engine, over HTTP through `hvac`.

One transit key of type aes256-gcm96 with `derived` on: the context of a wrap goes into the derivation of the key
that wraps it, inside the vault, so a wrap moved to another case does not open. Each version of the transit key is
a root key here, `vault-<key>-v<version>`; old versions open until the vault's keeper raises
`min_decryption_version`. The token needs `update` on `<mount>/encrypt/<key>` and `<mount>/decrypt/<key>`, `read`
on `<mount>/keys/<key>`; for rotating also `update` on `<mount>/keys/<key>/rotate`.
"""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import hvac
import requests
from hvac.exceptions import InvalidPath, InvalidRequest, VaultError

from exchange.core.errors import KeysUnavailable, RootKeyMissing, Unreadable, WrongSetting
from exchange.core.rootwrap import body_of, named
from exchange.settings import Settings

T = TypeVar("T")
SECONDS = 5.0


@dataclass(frozen=True, repr=False)
class VaultKey:
    """One version of the transit key: a `RootKeyProvider`."""

    vault: "VaultKeys"
    version: int

    @property
    def key_name(self) -> str:
        """`vault-<key>-v<version>`."""
        return f"vault-{self.vault.key_label}-v{self.version}"

    def wrap(self, plaintext: bytes, context: bytes) -> bytes:
        """The vault's own ciphertext text after the name. KeysUnavailable."""
        sent = {"plaintext": _text(plaintext), "context": _text(context), "key_version": self.version}
        return named(self.key_name, self.vault.transit("encrypt_data", **sent)["ciphertext"].encode("ascii"))

    def unwrap(self, untrusted_blob: bytes, context: bytes) -> bytes:
        """Unreadable for another context or a changed wrap; KeysUnavailable."""
        untrusted_text = body_of(untrusted_blob, self.key_name).decode("ascii", "replace")
        if not untrusted_text.startswith(f"vault:v{self.version}:"):
            raise Unreadable
        sent = {"ciphertext": untrusted_text, "context": _text(context)}
        return base64.b64decode(self.vault.transit("decrypt_data", **sent)["plaintext"])


class VaultKeys:
    """A `rootring.KeySource`. Each thread has a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self.key_label = settings.vault_key
        self._mount = settings.vault_mount
        self._settings = settings
        self._local = threading.local()

    def names(self) -> list[str]:
        """Every version that still opens, oldest first; none where the transit key was not made yet."""
        try:
            found = self.transit("read_key")
        except RootKeyMissing:
            return []
        if not found.get("derived") or found.get("type") != "aes256-gcm96":
            raise WrongSetting("The transit key is not of type aes256-gcm96 with derived on. Name another one.")
        oldest = int(found.get("min_decryption_version", 1))
        return [VaultKey(self, n).key_name for n in sorted(map(int, found["keys"])) if n >= oldest]

    def newest(self) -> str:
        """The newest version."""
        names = self.names()
        if not names:
            raise RootKeyMissing
        return names[-1]

    def key(self, name: str) -> VaultKey:
        """The version that the name says; whether it is there shows when it is used."""
        start, _, version = name.rpartition("-v")
        if start != f"vault-{self.key_label}" or not version.isdigit():
            raise RootKeyMissing
        return VaultKey(self, int(version))

    def make(self) -> str:
        """The transit key's next version; the transit key itself where there is none."""
        if self.names():
            self.transit("rotate_key")
        else:
            self.transit("create_key", key_type="aes256-gcm96", derived=True, exportable=False)
        return self.newest()

    def settle(self, name: str) -> None:
        """Nothing: the vault keeps its versions itself."""

    def forget(self, _name: str) -> None:
        """Only the vault's keeper can."""
        raise WrongSetting("Raise min_decryption_version of the transit key in the vault itself.")

    def transit(self, verb: str, **sent: Any) -> dict[str, Any]:
        """One request; the "data" of its answer. Errors of the network and refusals become our sentences.

        The chain is cut (`from None`): what hvac and requests keep with an error may hold what was sent.
        """
        call = getattr(self._client().secrets.transit, verb)
        answer = _asked(lambda: call(name=self.key_label, mount_point=self._mount, **sent))
        return answer["data"] if isinstance(answer, dict) and "data" in answer else {}

    def _client(self) -> Any:
        if not hasattr(self._local, "client"):
            token, s = self._settings.vault_token, self._settings
            self._local.client = hvac.Client(
                url=s.vault_url,
                token=token.get_secret_value() if token else None,
                verify=str(s.vault_ca) if s.vault_ca else True,
                timeout=SECONDS,
                allow_redirects=False,
            )
        return self._local.client


def _asked(call: Callable[[], T]) -> T:
    try:
        return call()
    except InvalidRequest:
        raise Unreadable from None
    except InvalidPath:
        raise RootKeyMissing from None
    except (VaultError, requests.RequestException, OSError, ValueError):
        raise KeysUnavailable from None


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")

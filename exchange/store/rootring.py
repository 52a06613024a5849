"""All root keys of a process: it opens wraps of every key it can reach and wraps under the one in use.

Which key is in use says the database (the row `root_key` of `service_setting`), so that every process follows a
rotation or a move at once and none needs to be restarted. A trigger refuses a wrap of any other key
(`root_wraps.sql`): after the switch no new wrap of the old key can be stored. The portal never imports this.
"""

from collections.abc import Mapping
from typing import Protocol

from exchange.core.errors import RootKeyMissing, WrongSetting
from exchange.core.rootwrap import name_of, scheme_of
from exchange.settings import Settings
from exchange.store.rootkey import FileKeys

SCHEMES = ("file", "vault", "pkcs11")


class KeySource(Protocol):
    """One place where root keys are kept, and all keys in it. Raises KeysUnavailable where it does not answer."""

    def names(self) -> list[str]:
        """Every key that it holds."""

    def newest(self) -> str:
        """The key that wraps where the database names none. RootKeyMissing if there is none."""

    def key(self, name: str) -> "OneKey":
        """One key. RootKeyMissing if it does not hold it."""

    def make(self) -> str:
        """Make a fresh key; its name."""

    def settle(self, name: str) -> None:
        """This key is the one in use, and nothing is wrapped by another any more."""

    def forget(self, name: str, /) -> None:
        """Destroy a key that wraps nothing. WrongSetting where only its keeper can."""


class OneKey(Protocol):
    """A root key of a source."""

    @property
    def key_name(self) -> str:
        """What stands in its wraps."""

    def wrap(self, plaintext: bytes, context: bytes) -> bytes:
        """`rootwrap.named`, bound to the context."""

    def unwrap(self, untrusted_blob: bytes, context: bytes) -> bytes:
        """What `wrap` took; Unreadable for another context, another key or a changed wrap."""


class RootKeys:
    """A `RootKeyProvider` over several sources."""

    def __init__(self, sources: Mapping[str, KeySource]) -> None:
        self.sources = dict(sources)
        self._in_use = ""

    @property
    def key_name(self) -> str:
        """The key that wraps, as this process knows it; without a database the first source's newest."""
        return self._in_use or next(iter(self.sources.values())).newest()

    def use(self, name: str) -> None:
        """From now on this key wraps."""
        scheme_of(name)
        self._in_use = name

    def wrap(self, plaintext: bytes, context: bytes) -> bytes:
        """Under the key in use."""
        return self.key(self.key_name).wrap(plaintext, context)

    def unwrap(self, untrusted_blob: bytes, context: bytes) -> bytes:
        """Under the key that the wrap names."""
        return self.key(name_of(untrusted_blob)).unwrap(untrusted_blob, context)

    def key(self, name: str) -> "OneKey":
        """One key by its name; RootKeyMissing."""
        return self.source_of(scheme_of(name)).key(name)

    def source_of(self, scheme: str) -> KeySource:
        """`file`, `vault` or `pkcs11`; RootKeyMissing where it is not set up."""
        if scheme not in self.sources:
            raise RootKeyMissing
        return self.sources[scheme]


def open_ring(settings: Settings) -> RootKeys:
    """Every source that the settings name. Raises WrongSetting where there is none."""
    sources: dict[str, KeySource] = {}
    if settings.root_key_file.exists() or not (settings.vault_url or settings.pkcs11_module):
        sources["file"] = _file(settings)
    if settings.vault_url:
        # imported only where it is used: not every service has a vault or a module
        from exchange.store.rootkey_vault import VaultKeys  # noqa: PLC0415

        sources["vault"] = VaultKeys(settings)
    if settings.pkcs11_module:
        from exchange.store.rootkey_pkcs11 import Pkcs11Keys  # noqa: PLC0415  # likewise

        sources["pkcs11"] = Pkcs11Keys(settings)
    return RootKeys(sources)


def has_root_key(settings: Settings) -> bool:
    """Whether any root key is set up (it may not answer)."""
    return settings.root_key_file.exists() or bool(settings.vault_url or settings.pkcs11_module)


def _file(settings: Settings) -> FileKeys:
    keys = FileKeys(settings.root_key_file)
    if not settings.root_key_file.exists():
        raise WrongSetting("The root key file cannot be read (No such file or directory). Run: exchange init")
    return keys

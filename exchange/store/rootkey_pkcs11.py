"""Root keys in a hardware security module, through PKCS #11 (`python-pkcs11`).

Each root key is an AES-256 key object that cannot leave the module (sensitive, not extractable), with the label of
the settings and its number in CKA_ID: `pkcs11-<label>-v<number>`. Wraps are AES-256-GCM inside the module
(CKM_AES_GCM) with a random nonce of 12 bytes and the context as additional data:

    0x01 ‖ nonce (12) ‖ ciphertext ‖ tag (16)        additional data = "exchange/wrap/v1" ‖ 0x00 ‖ context
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import UserAlreadyLoggedIn

from exchange.core.errors import KeysUnavailable, RootKeyMissing, Unreadable, WrongSetting
from exchange.core.rootwrap import body_of, named
from exchange.settings import Settings

T = TypeVar("T")
NONCE = 12
_VERSION, _LABEL = b"\x01", b"exchange/wrap/v1\x00"


@dataclass(frozen=True, repr=False)
class Pkcs11Key:
    """One key object of the module: a `RootKeyProvider`."""

    module: "Pkcs11Keys"
    number: int

    @property
    def key_name(self) -> str:
        """`pkcs11-<label>-v<number>`."""
        return f"pkcs11-{self.module.label}-v{self.number}"

    def wrap(self, plaintext: bytes, context: bytes) -> bytes:
        """The module's ciphertext after the name. KeysUnavailable."""
        nonce = secrets.token_bytes(NONCE)
        sealed = self.module.with_key(self.number, lambda key: key.encrypt(plaintext, **_gcm(nonce, context)))
        return named(self.key_name, _VERSION + nonce + sealed)

    def unwrap(self, untrusted_blob: bytes, context: bytes) -> bytes:
        """Unreadable for another context or a changed wrap; KeysUnavailable."""
        untrusted = body_of(untrusted_blob, self.key_name)
        if untrusted[:1] != _VERSION or len(untrusted) < 1 + NONCE + 16:
            raise Unreadable
        nonce, sealed = untrusted[1 : 1 + NONCE], untrusted[1 + NONCE :]

        def opened(key: Any) -> bytes:
            try:
                return bytes(key.decrypt(sealed, **_gcm(nonce, context)))
            except pkcs11.PKCS11Error:
                # modules do not agree on what they say of a wrong tag: if the key still works it was the wrap
                key.encrypt(b"", **_gcm(secrets.token_bytes(NONCE), context))
                raise Unreadable from None

        return self.module.with_key(self.number, opened)


class Pkcs11Keys:
    """A `rootring.KeySource`. One session, used by one thread at a time; opened anew after a fault."""

    def __init__(self, settings: Settings) -> None:
        self.label = settings.pkcs11_label
        self._settings = settings
        self._lock = threading.Lock()
        self._session: Any = None

    def names(self) -> list[str]:
        """Every key object of the label, oldest first."""
        return [Pkcs11Key(self, number).key_name for number in self._with_session(self._numbers)]

    def newest(self) -> str:
        """The key object with the highest number."""
        names = self.names()
        if not names:
            raise RootKeyMissing
        return names[-1]

    def key(self, name: str) -> Pkcs11Key:
        """The key object that the name says; whether it is there shows when it is used."""
        start, _, number = name.rpartition("-v")
        if start != f"pkcs11-{self.label}" or not number.isdigit():
            raise RootKeyMissing
        return Pkcs11Key(self, int(number))

    def make(self) -> str:
        """A new key object, made in the module, that never leaves it."""

        def generate(session: Any) -> int:
            number = max(self._numbers(session), default=0) + 1
            wanted = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
            session.generate_key(
                KeyType.AES, 256, id=_id(number), label=self.label, store=True, template=wanted,
                capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
            )  # fmt: skip
            return number

        return Pkcs11Key(self, self._with_session(generate)).key_name

    def settle(self, name: str) -> None:
        """Nothing: the module keeps its objects itself."""

    def forget(self, name: str) -> None:
        """Destroy the key object."""

        def destroy(session: Any) -> None:
            self._object(session, self.key(name).number).destroy()

        self._with_session(destroy)

    def with_key(self, number: int, act: Callable[[Any], bytes]) -> bytes:
        """Do something with one key object."""
        return bytes(self._with_session(lambda session: act(self._object(session, number))))

    def _numbers(self, session: Any) -> list[int]:
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self.label}
        return sorted(int.from_bytes(key.id) for key in session.get_objects(wanted))

    def _object(self, session: Any, number: int) -> Any:
        try:
            return session.get_key(object_class=ObjectClass.SECRET_KEY, label=self.label, id=_id(number))
        except pkcs11.NoSuchKey:
            raise RootKeyMissing from None

    def _with_session(self, act: Callable[[Any], T]) -> T:
        """Whatever the module complains of ends the session and is KeysUnavailable. No chain is kept."""
        with self._lock:
            try:
                if self._session is None:
                    self._session = self._open()
                return act(self._session)
            except (pkcs11.PKCS11Error, RuntimeError):
                self._session = None
                raise KeysUnavailable from None

    def _open(self) -> Any:
        s = self._settings
        if s.pkcs11_pin is None or not s.pkcs11_token:
            raise WrongSetting("EXCHANGE_PKCS11_MODULE is set: also set EXCHANGE_PKCS11_TOKEN and EXCHANGE_PKCS11_PIN.")
        token = pkcs11.lib(str(s.pkcs11_module)).get_token(token_label=s.pkcs11_token)
        try:
            return token.open(rw=True, user_pin=s.pkcs11_pin.get_secret_value())
        except UserAlreadyLoggedIn:
            return token.open(rw=True)  # signing in counts for the whole process


def _gcm(nonce: bytes, context: bytes) -> dict[str, Any]:
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, _LABEL + context, 128)}


def _id(number: int) -> bytes:
    return number.to_bytes(4)

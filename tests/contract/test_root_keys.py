"""One suite for every place where root keys are kept: a file, a vault's transit engine, a hardware module."""

import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exchange.core.errors import ExchangeError, KeysUnavailable, RootKeyMissing, Unreadable
from exchange.core.recovery import from_recovery_text, recovery_words
from exchange.core.rootwrap import name_of
from exchange.settings import Settings
from exchange.store.rootkey import FileKeys
from exchange.store.rootkey_vault import VaultKeys
from exchange.store.rootring import KeySource, RootKeys
from tests.support.softhsm import has_softhsm, the_token
from tests.support.transit import transit_server

SECRET, HERE = b"\x00a private key\xff" * 7, b"service\x00case-7"
_labels = itertools.count(1)
KINDS = ["file", "vault", *(["pkcs11"] if has_softhsm() else [])]


@dataclass
class Place:
    """A source with a first key, the same place opened by another process, and how it goes away and comes back."""

    source: KeySource
    again: Callable[[], KeySource]
    away: Callable[[], None]
    back: Callable[[], None]
    hidden: list[str]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Each kind in turn."""
    made = {"file": _file, "vault": _vault, "pkcs11": _pkcs11}[request.param](tmp_path, tmp_path_factory)
    found = next(made)
    found.source.make()
    yield found
    next(made, None)


def _file(tmp_path: Path, _: Any) -> Iterator[Place]:
    from exchange.store.rootkey import FileRootKey

    path = tmp_path / "root.key"
    FileRootKey.create(path)
    # a file is read once: only a process that starts, or meets a new key, needs it
    yield Place(FileKeys(path), lambda: FileKeys(path), lambda: None, lambda: None, _words(path))


def _words(path: Path) -> list[str]:
    return recovery_words(from_recovery_text(path.read_text()))


def _vault(tmp_path: Path, _: Any) -> Iterator[Place]:
    with transit_server() as server:
        settings = Settings.load(folder=tmp_path, vault_url=server.url, vault_token=server.token)

        def seal(sealed: bool) -> None:
            server.sealed = sealed

        yield Place(
            VaultKeys(settings), lambda: VaultKeys(settings), lambda: seal(True), lambda: seal(False), [server.token]
        )


def _pkcs11(tmp_path: Path, factory: pytest.TempPathFactory) -> Iterator[Place]:
    from exchange.store.rootkey_pkcs11 import Pkcs11Keys
    from tests.support.softhsm import MODULE

    token = the_token(lambda: factory.mktemp("softhsm"))
    values = {"pkcs11_module": MODULE, "pkcs11_token": token.label, "pkcs11_pin": token.pin}
    values["pkcs11_label"] = f"test-{next(_labels)}"
    settings = Settings.load(folder=tmp_path, **values)
    source = Pkcs11Keys(settings)

    def lose() -> None:
        source._settings = settings.model_copy(update={"pkcs11_token": "a token that was pulled out"})
        source._session = None

    def find() -> None:
        source._settings = settings

    yield Place(source, lambda: Pkcs11Keys(settings), lose, find, [token.pin])


def test_what_was_wrapped_opens_again(place: Place) -> None:
    """In this process and in another one; each wrap is another one, and holds nothing of what it wraps."""
    key = place.source.key(place.source.newest())
    one, two = key.wrap(SECRET, HERE), key.wrap(SECRET, HERE)
    assert one != two
    assert SECRET[:8] not in one
    assert key.unwrap(one, HERE) == key.unwrap(two, HERE) == SECRET
    assert place.again().key(key.key_name).unwrap(one, HERE) == SECRET


def test_a_wrap_of_another_case_does_not_open(place: Place) -> None:
    """It is bound to its context."""
    key = place.source.key(place.source.newest())
    wrapped = key.wrap(SECRET, HERE)
    for elsewhere in (b"service\x00case-8", HERE + b"\x00", b"x"):
        with pytest.raises(Unreadable):
            key.unwrap(wrapped, elsewhere)


def test_a_changed_wrap_is_refused(place: Place) -> None:
    """Any byte after the name changed, bytes cut off or added, nothing at all."""
    key = place.source.key(place.source.newest())
    wrapped = key.wrap(SECRET, HERE)
    start = 2 + wrapped[1]
    step = max(1, (len(wrapped) - start) // 24)
    for at in [*range(start, len(wrapped) - 3, step), len(wrapped) - 6]:
        bent = wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :]
        with pytest.raises(Unreadable):
            key.unwrap(bent, HERE)
    for bent in (wrapped[:-4], wrapped + b"AAAA", wrapped[:start], b"", b"\x02\xff", b"\x01" + wrapped[1:]):
        with pytest.raises(Unreadable):
            key.unwrap(bent, HERE)


def test_a_wrap_names_its_key(place: Place) -> None:
    """The name stands in it, with the key's version; under another name it does not open."""
    first = place.source.newest()
    wrapped = place.source.key(first).wrap(SECRET, HERE)
    assert name_of(wrapped) == first
    second = place.source.make()
    assert second != first
    renamed = wrapped[:1] + bytes([len(second)]) + second.encode() + wrapped[2 + len(first) :]
    with pytest.raises(Unreadable):
        place.source.key(second).unwrap(renamed, HERE)


def test_a_new_key_keeps_old_wraps_openable(place: Place) -> None:
    """Old and new open side by side, in a process that was running before, too."""
    running = RootKeys({place.source.newest().partition("-")[0]: place.again()})
    first = place.source.newest()
    running.use(first)
    old = running.wrap(SECRET, HERE)
    second = place.source.make()
    assert set(place.source.names()) >= {first, second}
    running.use(second)
    new = running.wrap(SECRET, HERE)
    assert (name_of(old), name_of(new)) == (first, second)
    assert running.unwrap(old, HERE) == running.unwrap(new, HERE) == SECRET
    place.source.settle(second)
    assert place.again().newest() == second
    assert running.unwrap(old, HERE) == SECRET


def test_a_place_that_is_away_is_a_sentence_and_loses_nothing(place: Place) -> None:
    """Wrapping, opening and making wait for a better moment; what was wrapped opens when it is back."""
    key = place.source.key(place.source.newest())
    wrapped = key.wrap(SECRET, HERE)
    place.away()
    if name_of(wrapped).startswith("file-"):
        assert key.unwrap(wrapped, HERE) == SECRET
        return
    for act in (lambda: key.wrap(SECRET, HERE), lambda: key.unwrap(wrapped, HERE), place.source.make):
        with pytest.raises(KeysUnavailable, match="Nothing was lost") as away:
            act()
        assert away.value.__cause__ is None
        assert away.value.__suppress_context__
    place.back()
    assert key.unwrap(wrapped, HERE) == SECRET


def test_a_key_that_is_not_there_is_said(place: Place) -> None:
    """A wrap of a key that this place never had."""
    first = place.source.newest()
    other = f"{first[:-1]}{'1' if first[-1] != '1' else '2'}" if first.startswith("file") else "vault-another-v1"
    with pytest.raises(RootKeyMissing):
        place.source.key(other)


def test_nothing_secret_is_said(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """Not by what they print of themselves, not in the log, not in an error."""
    said = []
    with caplog.at_level(logging.DEBUG):
        key = place.source.key(place.source.newest())
        wrapped = key.wrap(SECRET, HERE)
        said += [repr(place.source), repr(key), str(key), repr(RootKeys({"file": place.source}))]
        place.away()
        for bound in (HERE, b"elsewhere"):
            try:
                key.unwrap(wrapped, bound)
            except ExchangeError as error:
                said += [str(error), repr(error)]
    said += [record.getMessage() for record in caplog.records]
    for secret in [*place.hidden, SECRET.hex(), repr(SECRET)]:
        assert not [line for line in said if secret in line]

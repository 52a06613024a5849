"""Settings of single sign-on: whole or not at all, over https, and nothing for the portal."""

from pathlib import Path

import pytest

from exchange.core.errors import WrongSetting
from exchange.settings import PREFIX, Settings

WHOLE = {"oidc_issuer": "https://there.example", "oidc_client_id": "exchange", "oidc_client_secret": "a-planted-secret"}


@pytest.mark.parametrize("missing", ["oidc_client_id", "oidc_client_secret"])
def test_an_issuer_alone_stops_the_start(missing: str, tmp_path: Path) -> None:
    """The sentence says what is missing."""
    with pytest.raises(WrongSetting, match="EXCHANGE_OIDC_CLIENT_ID"):
        Settings.load(folder=tmp_path, **{**WHOLE, missing: ""})


def test_the_issuer_is_https_and_kept_to_the_letter(tmp_path: Path) -> None:
    """Plain http only on this machine itself; a slash at its end is part of its name."""
    for issuer in ("http://there.example", "there.example", "ftp://there.example"):
        with pytest.raises(WrongSetting, match="must begin with https"):
            Settings.load(folder=tmp_path, **{**WHOLE, "oidc_issuer": issuer})
    found = Settings.load(folder=tmp_path, **{**WHOLE, "oidc_issuer": "https://there.example/realm/"})
    assert found.oidc_issuer == "https://there.example/realm/"


def test_the_clients_secret_can_be_a_file_and_is_never_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`EXCHANGE_OIDC_CLIENT_SECRET_FILE`."""
    place = tmp_path / "secret"
    place.write_text("a-planted-secret\n")
    monkeypatch.setenv(f"{PREFIX}OIDC_CLIENT_SECRET_FILE", str(place))
    found = Settings.load(folder=tmp_path, oidc_issuer="https://there.example", oidc_client_id="exchange")
    assert found.oidc_client_secret
    assert found.oidc_client_secret.get_secret_value() == "a-planted-secret"
    assert "planted" not in repr(found)


def test_the_portal_knows_nothing_of_single_sign_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its settings and its process's environment are without; told anyway, it does not start."""
    found = Settings.load(folder=tmp_path, **WHOLE)
    portal = found.for_portal()
    assert (portal.oidc_issuer, portal.oidc_client_id, portal.oidc_client_secret) == ("", "", None)
    assert "a-planted-secret" not in str(found.environments()["portal"])
    assert "a-planted-secret" in str(found.environments()["console"])
    for name in ("OIDC_CLIENT_SECRET", "OIDC_ISSUER"):
        with monkeypatch.context() as told:
            told.setenv(PREFIX + name, "https://there.example")
            with pytest.raises(WrongSetting, match=name):
                Settings.load_portal()

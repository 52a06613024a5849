"""Settings: environment and files in, sentences out, no secret anywhere."""

import os
from pathlib import Path

import pytest

from exchange.core.errors import WrongSetting
from exchange.settings import SECRETS, Settings

SECRET = "sentinel-7c1f"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("EXCHANGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_places_follow_from_the_folder(tmp_path: Path) -> None:
    """One setting moves everything that the service keeps."""
    settings = Settings.load(folder=tmp_path / "mine")
    assert settings.objects_folder == tmp_path / "mine" / "objects"
    assert settings.root_key_file == tmp_path / "mine" / "keys" / "root.key"
    assert settings.console_url != settings.portal_url


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_also_comes_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`EXCHANGE_…_FILE` names a file; its last line break does not count."""
    value = f"postgresql://{SECRET}" if name.endswith("database_url") else SECRET
    (tmp_path / "secret").write_text(value + "\n")
    monkeypatch.setenv(f"EXCHANGE_{name.upper()}_FILE", str(tmp_path / "secret"))
    assert getattr(Settings.load(), name).get_secret_value() == value


def test_no_way_of_printing_shows_a_secret() -> None:
    """repr, str, JSON, a dump and an error hold none of them."""
    values = dict.fromkeys(SECRETS, f"postgresql://{SECRET}")
    settings = Settings.load(**values)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert SECRET not in shown
    with pytest.raises(WrongSetting) as refused:
        Settings.load(**{**values, "database_url": f"mysql://{SECRET}"})
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABASE_URL", "sqlite:///x", "EXCHANGE_DATABASE_URL must begin with postgresql://"),
        ("TIMEZONE", "Mars/Olympus", "EXCHANGE_TIMEZONE is not a time zone name"),
        ("PORTAL_PORT", "70000", "EXCHANGE_PORTAL_PORT"),
        ("MAX_UPLOAD", "much", "EXCHANGE_MAX_UPLOAD"),
        ("OBJECTS", "ftp", "EXCHANGE_OBJECTS must be s3 or local:/"),
        ("OBJECTS", "local:relative", "EXCHANGE_OBJECTS must be s3 or local:/"),
        ("OBJECTS", "s3", "EXCHANGE_S3_ENDPOINT"),
        (
            "S3_SECRET_KEY_FILE",
            "/nowhere/at/all",
            "EXCHANGE_S3_SECRET_KEY_FILE names a file that cannot be read",
        ),
    ],
)
def test_a_wrong_setting_is_named(variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the variable, so that it can be mended."""
    monkeypatch.setenv(f"EXCHANGE_{variable}", value)
    with pytest.raises(WrongSetting) as refused:
        Settings.load()
    assert said in str(refused.value)


def test_a_secret_may_not_be_set_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of the two counts would be a guess."""
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("EXCHANGE_SMTP_PASSWORD", "another")
    monkeypatch.setenv("EXCHANGE_SMTP_PASSWORD_FILE", str(tmp_path / "secret"))
    with pytest.raises(WrongSetting, match="Both EXCHANGE_SMTP_PASSWORD"):
        Settings.load()


def test_a_child_process_gets_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`environment()` read back gives equal settings, secrets and empty values included."""
    settings = Settings.load(folder=tmp_path / "x", smtp_password=SECRET, portal_port=9000, demo=True)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == settings

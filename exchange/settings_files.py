"""What settings are called in the environment, and secrets that stand in files (`EXCHANGE_*_FILE`)."""

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import SecretStr, ValidationError

from exchange.core.errors import WrongSetting

PREFIX = "EXCHANGE_"


def names(fields: Iterable[str]) -> str:
    """The variables of these settings, for a sentence."""
    return ", ".join(PREFIX + name.upper() for name in fields)


def is_told(name: str) -> bool:
    """Whether the environment says anything of this setting."""
    variable = PREFIX + name.upper()
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def secrets_from_files(secrets: Iterable[str]) -> dict[str, str]:
    """Values of `EXCHANGE_<SECRET>_FILE`; setting both the variable and the file is refused."""
    found = {}
    for name in secrets:
        variable = PREFIX + name.upper()
        path = os.environ.get(f"{variable}_FILE")
        if path is None:
            continue
        if variable in os.environ:
            raise WrongSetting(f"Both {variable} and {variable}_FILE are set. Remove one of them.")
        found[name] = _read_secret(variable, Path(path))
    return found


def _read_secret(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise WrongSetting(f"{variable}_FILE names a file that cannot be read. Check its path and mode.") from None


def plain(value: object) -> str | None:
    """As a variable has it."""
    if value is None or value == Path():
        return None
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else str(value)


def sentence(error: ValidationError) -> str:
    """Each wrong setting with what is wrong; never its value, which may be a secret."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        named = names([str(part) for part in problem["loc"][:1]])
        lines.append(f"{named} {problem['msg'].removeprefix('Value error, ')}".strip() + ".")
    return "The service did not start. " + " ".join(lines)

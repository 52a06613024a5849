"""What of a version a recipient may ever see: closed by default."""

from types import SimpleNamespace
from typing import Any

import pytest

from exchange.steps.view import is_shown


@pytest.mark.parametrize(
    ("name", "media_type", "facts", "shown"),
    [
        ("page-001", "image/jpeg", {}, True),
        ("sound", "audio/mp4", {}, True),
        ("picture", "video/mp4", {}, True),
        ("text", "text/plain; charset=utf-8", {"shown": True}, True),
        ("text", "text/plain; charset=utf-8", {"shown": False}, False),
        ("text", "text/plain; charset=utf-8", {}, False),
        ("text", "text/plain; charset=utf-8", {"shown": "yes"}, False),
        ("came-001", "image/jpeg", {"shown": False}, False),
        ("came-001", "image/jpeg", {"shown": True}, False),
        ("reading", "text/plain; charset=utf-8", {"shown": True, "ticked": True}, False),
        ("words", "application/json", {"shown": True}, False),
        ("anything", "application/json", {}, False),
        ("anything", "application/octet-stream", {"shown": True}, False),
    ],
)
def test_what_is_for_the_reviewer_is_never_shown(
    name: str, media_type: str, facts: dict[str, Any], shown: bool
) -> None:
    """Pages as they came, what a machine read and where words stand stay inside whatever their facts say."""
    part: Any = SimpleNamespace(name=name, media_type=media_type, facts=facts)
    assert is_shown(part) is shown

"""The style sheet for the other direction, made from the one that names sides."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from mirror import mirrored


@pytest.mark.parametrize(
    ("css", "other"),
    [
        ("a{margin-left:2px;padding-right:3px}", "a{margin-right:2px;padding-left:3px}"),
        ("a{left:0;text-align:left;float:right}", "a{right:0;text-align:right;float:left}"),
        ("a{margin:1px 2px 3px 4px}", "a{margin:1px 4px 3px 2px}"),
        ("a{margin:1px 2px}", "a{margin:1px 2px}"),
        ("a{padding:1px max(2px,1em) 3px 0}", "a{padding:1px 0 3px max(2px,1em)}"),
        ("a{border-left:5px;border-top-left-radius:1px}", "a{border-right:5px;border-top-right-radius:1px}"),
        ("a{border-radius:1px 2px 3px 4px}", "a{border-radius:2px 1px 4px 3px}"),
        ("a{transform:rotate(225deg)}", "a{transform:rotate(-225deg)}"),
        ("a{content:'left'}.right:before{color:red}", "a{content:'left'}.right:before{color:red}"),
        ("@media (min-width:40em){a{right:1px}}", "@media (min-width:40em){a{left:1px}}"),
    ],
)  # fmt: skip
def test_every_side_changes_and_nothing_else(css: str, other: str) -> None:
    """Names and values of properties; not selectors, not words. Twice is as before."""
    assert mirrored(css) == other
    assert mirrored(other) == css

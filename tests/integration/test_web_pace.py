"""How often one may try, and from where a request comes: pure arithmetic."""

import pytest

from exchange.web.frame.address import client_of, networks
from exchange.web.frame.pace import MOST_KEPT, Allowance

PROXY = networks("10.0.0.0/8, ::1")


def test_an_allowance_is_spent_and_refills_evenly() -> None:
    """Six a minute: six at once, the seventh not; one more after ten seconds, and never more than six."""
    six = Allowance(6)
    assert [six.take("a", 0.0) for _ in range(7)] == [True] * 6 + [False]
    assert not six.take("a", 9.0)
    assert six.take("a", 30.0)
    assert [six.take("a", 1000.0) for _ in range(7)] == [True] * 6 + [False]


def test_one_address_does_not_use_up_anothers_allowance() -> None:
    """Each key has its own."""
    one = Allowance(1)
    assert [one.take(key, 0.0) for key in ("a", "b", "a", "b")] == [True, True, False, False]


def test_nought_is_no_limit() -> None:
    """For a service whose proxy does the counting."""
    assert all(Allowance(0).take("a", 0.0) for _ in range(1000))


def test_a_flood_from_everywhere_takes_no_more_memory() -> None:
    """Keys are forgotten, and nobody is locked out for it."""
    one = Allowance(1)
    assert all(one.take(key, 0.0) for key in range(MOST_KEPT + 10))
    assert len(one._left) <= MOST_KEPT


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours: what it says counts for nothing
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # what the visitor wrote stands to the left
        ("10.1.2.3", ["192.0.2.66", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.1.2.3", ["nonsense"], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1, nonsense"], "10.1.2.3"),
        ("10.1.2.3", ["," * 100_000], "10.1.2.3"),
        ("::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_only_our_own_proxy_says_from_where_a_request_comes(peer: str, forwarded: list[str], counted: str) -> None:
    """X-Forwarded-For of anybody else is not looked at, and of our proxy only its own last word."""
    assert client_of(peer, forwarded, PROXY) == counted

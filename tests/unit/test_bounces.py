"""What comes back from mail servers: read for our tokens and for "failed", whatever else it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.core.bounces import LARGEST, Bounce, read

TOKEN, OTHER = "0f" * 16, "1e" * 16
NOTHING = Bounce(frozenset(), False)


def report(
    *, to: str = "service@example.org", action: str = "failed", status: str = "5.1.1", quoted: str = "", parts: int = 1
) -> bytes:
    """A delivery report as RFC 3464 describes it."""
    status_part = f"Final-Recipient: rfc822; jo@people.example\nAction: {action}\nStatus: {status}\n\n"
    lines = [
        "From: MAILER-DAEMON@mx.example.org", f"To: {to}", "Subject: Undelivered Mail Returned to Sender",
        "MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="B"', "",
        "--B", "Content-Type: text/plain", "", "I am sorry. <jo@people.example>: user unknown", "",
        "--B", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.org", "",
        *[status_part] * parts,
    ]  # fmt: skip
    return "\n".join([*lines, quoted, "--B--", ""]).encode()


def quoting(kind: str, token: str = TOKEN) -> str:
    """The e-mail that came back, whole or its headers."""
    return f"--B\nContent-Type: {kind}\n\nMessage-ID: <{token}@example.org>\nSubject: Messages\n\n"


@pytest.mark.parametrize(
    "untrusted",
    [
        report(to=f"bounces+{TOKEN}@example.org"),
        report(to=f"Bounces <bounces+{TOKEN}@example.org>"),
        report(quoted=quoting("message/rfc822")),
        report(quoted=quoting("text/rfc822-headers")),
        report(to=f"bounces+{TOKEN}@example.org").replace(b"\nTo:", b"\nX-Original-To:"),
        report(to=f"bounces+{TOKEN}@example.org", action="Failed ", status="5.7.1"),
        report(to=f"bounces+{TOKEN}@example.org").replace(b"\n", b"\r\n"),
    ],
)
def test_a_report_names_its_token_and_that_it_failed(untrusted: bytes) -> None:
    """By our envelope's address, or by the e-mail that it quotes."""
    assert read(untrusted) == Bounce(frozenset({TOKEN}), True)


@pytest.mark.parametrize(
    "untrusted",
    [
        report(to=f"bounces+{TOKEN}@example.org", action="delayed", status="4.4.7"),
        report(to=f"bounces+{TOKEN}@example.org", action="delivered", status="2.0.0"),
        report(to=f"bounces+{TOKEN}@example.org", action="failed", status="4.4.7"),
        f"To: bounces+{TOKEN}@example.org\nSubject: On holiday\nAuto-Submitted: auto-replied\n\nBack soon".encode(),
        f"To: bounces+{TOKEN}@example.org\nContent-Type: text/plain\n\nAction: failed\nStatus: 5.1.1".encode(),
    ],
)
def test_what_has_not_failed_for_good_is_no_bounce(untrusted: bytes) -> None:
    """Delays, deliveries, and people on holiday."""
    found = read(untrusted)
    assert found == Bounce(frozenset({TOKEN}), False)


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"\x00" * 1000,
        b"Content-Type: multipart/report; boundary=\n\n--",
        b"Content-Type: message/delivery-status\n\n\xff\xfe",
        b"To: " + b"x" * (LARGEST + 1),
        b"Content-Type: multipart/mixed; boundary=B\n\n" * 5000,
        b'Content-Type: multipart/report; boundary="\xff\xff"\nTo: \xff@\n\n--\xff\xff\n',
    ],
)
def test_hostile_input_says_nothing(untrusted: bytes) -> None:
    """Empty, broken, nested, too large: no exception, no token, no failure."""
    assert read(untrusted) == NOTHING


def test_a_message_that_names_many_tokens_names_few() -> None:
    """Nobody makes the database look for thousands."""
    many = ", ".join(f"a+{number:032x}@example.org" for number in range(1000))
    assert len(read(report(to=many)).tokens) == 8


def test_an_address_that_only_looks_like_ours_is_no_token() -> None:
    """Too short, too long, not hex."""
    for wrong in (TOKEN[:-1], TOKEN + "0", TOKEN.replace("f", "g")):
        assert read(report(to=f"bounces+{wrong}@example.org")).tokens == frozenset()


@given(st.binary(max_size=2000))
def test_any_bytes_are_survived(untrusted: bytes) -> None:
    """Whatever it is, the answer is a `Bounce` without a token that nobody wrote."""
    assert read(untrusted).tokens == frozenset()


@given(st.binary(max_size=300), st.integers(0, 700))
def test_a_report_with_rubbish_in_it_is_survived(rubbish: bytes, at: int) -> None:
    """Spliced in anywhere: at most our own token is found."""
    whole = report(to=f"bounces+{TOKEN}@example.org", quoted=quoting("message/rfc822", OTHER))
    assert read(whole[:at] + rubbish + whole[at:]).tokens <= {TOKEN, OTHER}

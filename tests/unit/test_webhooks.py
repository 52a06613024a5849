"""Webhooks: addresses, signatures, what is told of, when it is tried again."""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from exchange.core import webhooks
from exchange.core.errors import BadInput, WrongSetting
from exchange.core.webhooks import Told
from exchange.settings import Settings

INNER = [ip_network("10.20.0.0/16"), ip_network("127.0.0.0/8")]


def test_the_signature_is_that_of_the_specifications_own_libraries() -> None:
    """The vector that the reference libraries of Standard Webhooks test with."""
    found = webhooks.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}',
    )  # fmt: skip
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert found["webhook-timestamp"] == "1614265330"


def test_a_secret_is_long_enough_and_never_the_same() -> None:
    """24 to 64 bytes, the specification says."""
    made = {webhooks.new_secret() for _ in range(20)}
    assert len(made) == 20
    assert all(one.startswith("whsec_") and len(one) == 6 + 44 for one in made)


@pytest.mark.parametrize(
    "address",
    [
        "http://cases.example/hook", "ftp://cases.example", "cases.example/hook", "", "https://", "https:///hook",
        "https://127.0.0.1/hook", "https://[::1]/hook", "https://2130706433/", "https://0x7f000001/", "https://127.1/",
        "https://user:word@cases.example/", "https://user@cases.example/", "https://cases.example/#x",
        "https://cases.example:0/", "https://cases.example:99999/", "https://cases.example/\r\nHost: x",
        "https://cases.example\\@127.0.0.1/", "https://cäses.example/", "https://cases.example/" + "x" * 600,
        "https://0177.0.0.1/", "https://10.0.0.0x1/", "https://-x.example/", "https://a b.example/",
    ],
)  # fmt: skip
def test_a_webhook_goes_to_https_and_the_name_of_a_host_only(address: str) -> None:
    """Everything else is refused when it is entered."""
    with pytest.raises(BadInput) as refused:
        webhooks.checked_address(address)
    assert refused.value.field == "address"


def test_an_ordinary_address_is_kept_as_it_is() -> None:
    """With port, path and query."""
    address = "https://hooks.cases.example:8443/in/42?team=north"
    assert webhooks.checked_address(f"  {address} ") == address


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255",
        "192.0.2.1", "198.18.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "::127.0.0.1", "240.0.0.1", "fec0::1",
        "::ffff:10.1.1.1", "::ffff:169.254.169.254", "no number", "",
    ],
)  # fmt: skip
def test_a_webhook_never_reaches_inside(number: str) -> None:
    """Private, local, wrapped and reserved addresses, with the settings of a real service."""
    assert not webhooks.may_call(number, [ip_network("10.20.0.0/16")], demo=False)


def test_inner_networks_are_the_operators_to_name_and_this_machine_only_in_a_demonstration() -> None:
    """A named inner network may be called; loopback only where both it and the demonstration say so."""
    assert webhooks.may_call("93.184.216.34", [], demo=False)
    assert webhooks.may_call("2606:2800:220:1::1", [], demo=False)
    assert webhooks.may_call("10.20.3.4", INNER, demo=False)
    assert webhooks.may_call("127.0.0.1", INNER, demo=True)
    assert not webhooks.may_call("127.0.0.1", INNER, demo=False)
    assert not webhooks.may_call("127.0.0.1", INNER[:1], demo=True)
    assert not webhooks.may_call("169.254.169.254", [ip_network("169.254.0.0/16")], demo=True)


@pytest.mark.parametrize("named", ["127.0.0.0/8", "::1/128", "169.254.0.0/16", "0.0.0.0/0", "::/0", "10.1.2.3/8", "x"])
def test_a_real_service_does_not_start_with_a_webhook_network_that_is_this_machine(named: str) -> None:
    """A test's setting left behind stops the start, with its name."""
    with pytest.raises(WrongSetting, match="EXCHANGE_WEBHOOK_NETWORKS"):
        Settings.load(webhook_networks=named)
    assert Settings.load(webhook_networks="10.20.0.0/16, 192.168.7.0/24").webhook_networks


def test_only_four_kinds_of_entry_are_told_of() -> None:
    """And a body holds what it is given, no more."""
    assert webhooks.event_of({"act": "referral.received"}) is Told.REFERRAL
    assert webhooks.event_of({"act": "revision.made", "state_to": "in_review"}) is Told.WAITING
    assert webhooks.event_of({"act": "release.created", "state_to": "released"}) is Told.RELEASED
    assert webhooks.event_of({"act": "case.closed"}) is Told.CLOSED
    for other in ("view.opened", "referral.read", "consent.given", "case.opened", "concern.raised"):
        assert webhooks.event_of({"act": other, "state_to": "opened"}) is None
    said = json.loads(webhooks.body(Told.CLOSED, datetime(2026, 3, 1, tzinfo=UTC), {"case": "C-4H7Q22"}))
    assert said == {
        "type": "case.closed", "timestamp": "2026-03-01T00:00:00.000000Z", "data": {"case": "C-4H7Q22"},
    }  # fmt: skip


def test_tries_come_further_and_further_apart_and_end() -> None:
    """Within three days; what is given up stays on the list."""
    waits = [webhooks.next_try(failed) for failed in range(1, 10)]
    assert waits[-1] is None
    kept = [wait for wait in waits if wait is not None]
    assert kept == sorted(kept)
    assert timedelta(days=1) < sum(kept, timedelta()) < timedelta(days=3)

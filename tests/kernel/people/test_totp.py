"""Codes: those of RFC 6238, one step of grace, each good once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mithaq.kernel.people import totp

RFC = b"12345678901234567890"
NOW = datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.matched(RFC, code, at, last=0) == seconds // 30


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_device_may_be_one_step_off(steps: int, good: bool) -> None:
    code = totp.generate(RFC, totp.step(NOW) + steps)
    assert (totp.matched(RFC, code, NOW, last=0) is not None) is good


def test_a_step_is_never_taken_again_nor_one_before_it() -> None:
    used = totp.matched(RFC, totp.generate(RFC, totp.step(NOW)), NOW, last=0)
    assert used is not None
    for steps in (-1, 0):
        assert totp.matched(RFC, totp.generate(RFC, used + steps), NOW, last=used) is None
    later = NOW + timedelta(seconds=30)
    assert totp.matched(RFC, totp.generate(RFC, used + 1), later, last=used) == used + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "-12345", "²²²²²²", "\udc80" * 6])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert totp.matched(RFC, typed, NOW, last=0) is None


def test_a_code_may_be_typed_in_the_digits_of_the_officers_keyboard() -> None:
    code = totp.generate(RFC, totp.step(NOW))
    arabic = code.translate({ord("0") + i: ord("٠") + i for i in range(10)})
    assert totp.matched(RFC, f"{arabic[:3]} {arabic[3:]}", NOW, last=0) == totp.step(NOW)

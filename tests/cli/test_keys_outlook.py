"""What is told of keys ahead of their end, and what is drafted to leave no moment without one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mithaq.adapters.keystore.file import KeyFile
from mithaq.cli.keys import draft
from mithaq.cli.keys.outlook import outlook
from mithaq.cli.keys.reading import told
from mithaq.kernel import statement
from mithaq.kernel.manifest import Manifest, Root, SealingKey, SigningKey, read_manifest
from mithaq.kernel.party import Identity, identity_of

NOW = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def known_at(keys: KeyFile, *, days: int = 180, **changes: Any) -> Identity:
    """A nation whose keys and manifest end after so many days."""
    end, custodian = NOW + days * DAY, KeyFile.generate()
    root = Root(party="JO", need=1, keys=(custodian.signing,))
    made = Manifest(
        party="JO", root=root.digest, serial=1, issued=NOW, expires=end, names={"en": "Jordan"},
        signing=(SigningKey(keys.signing, NOW, end),), sealing=(SealingKey(keys.sealing, NOW, end),),
        certificates=("-",),
    )  # fmt: skip
    return identity_of(root, statement.sign("manifest", replace(made, **changes), custodian).decode(), at=NOW)


@pytest.mark.parametrize(
    ("days", "within", "urgent"), [(180, None, False), (90, 90, False), (31, 90, False), (30, 30, False), (7, 7, True)]
)
def test_warnings_come_90_30_and_7_days_before(days: int, within: int | None, urgent: bool) -> None:
    keys = KeyFile.generate()
    found = outlook(known_at(keys, days=days), keys, NOW)
    assert [each.within for each in found.keys] == [within, within]
    assert [each.state for each in found.keys] == ["in use", "in use"]
    assert found.urgent is urgent
    assert len(found.warnings) == (0 if within is None else 3)


def test_a_key_that_another_takes_over_from_is_no_warning_but_a_gap_is() -> None:
    keys = KeyFile.generate()
    known, next_pair = known_at(keys), keys.make_signing()
    first = SigningKey(keys.signing, NOW, NOW + 5 * DAY)
    for start, calm in ((4, True), (6, False)):
        changed = known_at(keys, signing=(first, SigningKey(next_pair, NOW + start * DAY, NOW + 180 * DAY)))
        assert outlook(changed, keys, NOW).urgent is not calm
    assert outlook(known, KeyFile.generate(), NOW).urgent  # not held here


def test_after_expiry_and_grace_everything_is_said_to_be_over() -> None:
    keys = KeyFile.generate()
    for days in (181, 400):
        found = outlook(known_at(keys), keys, NOW + days * DAY)
        assert (found.urgent, found.in_grace) == (True, True)
        assert all("over" in each for each in found.warnings)


# -- drafting, pure ---------------------------------------------------------------------------------------------------

WINDOWS = st.lists(st.tuples(st.integers(-200, 200), st.integers(1, 120)), max_size=8)


@given(WINDOWS, st.integers(1, 400), st.sampled_from([draft.SIGNING, draft.SEALING]))
def test_whatever_there_is_no_moment_is_without_a_key_afterwards(
    spans: list[tuple[int, int]], days: int, length: timedelta
) -> None:
    there = [(NOW + start * DAY, NOW + (start + long) * DAY) for start, long in spans]
    until = NOW + days * DAY
    made = draft.ahead(there, NOW, until, length)
    whole = [*there, *made]
    for day in range(days):
        assert any(start <= NOW + day * DAY < end for start, end in whole)
    assert all(start >= NOW and end - start == length for start, end in made)
    assert draft.ahead(whole, NOW, until, length) == ()  # nothing more is made than is needed
    assert len(made) <= days // (length - draft.OVERLAP).days + 1 + len(spans)


def test_a_revoked_pair_leaves_no_gap_before_the_next_that_is_listed() -> None:
    pairs = KeyFile.generate()
    made: Callable[[], dict[str, bytes]] = pairs.make_signing
    lost = SigningKey(pairs.signing, NOW - 10 * DAY, NOW + 80 * DAY, NOW)
    later = SigningKey(made(), NOW + 73 * DAY, NOW + 163 * DAY)
    new = draft.signing_ahead((lost, later), NOW, NOW + 30 * DAY, made)
    assert [(each.start, each.until) for each in new] == [(NOW, NOW + 90 * DAY)]


def test_given_up_sealing_keys_end_now_and_those_to_come_never_begin() -> None:
    key = bytes(1216)
    held = (SealingKey(key, NOW - DAY, NOW + DAY), SealingKey(key, NOW + DAY, NOW + 30 * DAY))
    assert draft.given_up(held, NOW) == (SealingKey(key, NOW - DAY, NOW),)


def test_what_is_signed_is_told_with_what_is_new_and_what_is_gone() -> None:
    keys = KeyFile.generate()
    known = known_at(keys)
    assert known.root is not None
    before = read_manifest(known.manifest.encode(), known.root)
    fresh = SigningKey(keys.make_signing(), NOW, NOW + 90 * DAY)
    ended = replace(before.sealing[0], until=NOW + DAY)
    after = replace(before, serial=2, previous=before.digest, signing=(fresh,), sealing=(ended,))
    lines = told(after, before)
    assert any(line.split()[:2] == ["NEW", "signing"] and fresh.id in line for line in lines)
    assert any(line.split()[:2] == ["GONE", "signing"] and before.signing[0].id in line for line in lines)
    assert any(line.split()[:2] == ["CHANGED", "sealing"] and "2027-01-02" in line for line in lines)
    assert any("--previous" in line for line in told(after))

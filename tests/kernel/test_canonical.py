"""The exact bytes: RFC 8785 on the domain we allow, and nothing outside it."""

from __future__ import annotations

import unicodedata

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from mithaq.errors import BadInput, Invalid
from mithaq.kernel import canonical
from mithaq.kernel.record import Marking

TEXT = st.text(st.characters(codec="utf-8")).map(lambda text: unicodedata.normalize("NFC", text))
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-canonical.MAX_INT, canonical.MAX_INT) | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


@given(VALUES)
def test_bytes_are_those_of_rfc_8785_and_read_back(value: object) -> None:
    data = canonical.encode(value)
    assert data == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert canonical.encode(canonical.decode(data, object)) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":1.5}',
        b'{"a":1e3}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'"e\xcc\x81"',
        b'"\\ud800"',
        b'{"\xd8\xa7":1}',
        b"9007199254740992",
        b"-0",
        b"NaN",
        b"Infinity",
        b"",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"[" * 40 + b"]" * 40,
        b"[" * 100_000,
        b'"' + b"x" * canonical.MAX_BYTES + b'"',
        b'"\\u0041"',
        b"{}\n",
    ],
    ids=lambda data: repr(data[:16]),
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        canonical.decode(data, object)


def test_a_wrong_shape_names_its_path_and_unknown_fields_are_refused() -> None:
    with pytest.raises(Invalid) as caught:
        canonical.decode(b'{"exercise":"yes"}', Marking)
    assert caught.value.where == "$.exercise"
    with pytest.raises(Invalid):
        canonical.decode(b'{"religion":"x"}', Marking)


@given(st.binary(max_size=64))
def test_no_bytes_escape_the_error_tree(data: bytes) -> None:
    try:
        canonical.decode(data, object)
    except BadInput:
        return


ODD = st.floats() | st.integers() | st.text() | st.lists(st.nothing()) | st.binary()
ANYTHING = st.recursive(SCALARS | ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner))


@given(ANYTHING)
def test_what_is_found_sound_at_a_glance_is_sound_when_looked_at_closely(value: object) -> None:
    if canonical._is_sound(value, 0):
        canonical._check(value, "$", 0)


def test_no_level_is_too_deep_for_the_one_and_not_for_the_other() -> None:
    value: object = 1
    for _ in range(canonical.MAX_DEPTH + 2):
        if canonical._is_sound(value, 0):
            canonical._check(value, "$", 0)
        value = [value]
    assert not canonical._is_sound(value, 0)


def test_every_character_is_written_as_rfc_8785_writes_it() -> None:
    for block in range(0, 0x110000, 0x100):
        text = "".join(chr(code) for code in range(block, block + 0x100) if not 0xD800 <= code < 0xE000)
        assert canonical.rewrite([text, {"a": text}]) == rfc8785.dumps([text, {"a": text}])

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

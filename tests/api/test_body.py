"""What is sent is read strictly: no text that two readers could understand as two things."""

from __future__ import annotations

import pytest

from mithaq.api.body import parse
from mithaq.errors import Malformed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b"{} {}", "not-json"),
        (b"NaN", "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b"\xff", "not-json"),
        (b'"\\ud800"', "not-json"),
        (b'{"a":"\\udc00\\ud800"}', "not-json"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (b'[{"x":{"a":1,"b":2,"a":1}}]', "duplicate-key"),
        (b"9007199254740992", "integer-range"),
        (b"-9007199254740992", "integer-range"),
        (b"1" * 400, "integer-range"),
        (b"1" * 5000, "not-json"),
        (b"[" * 50_000, "too-deep"),
    ],
)
def test_what_is_no_single_value_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(Malformed) as told:
        parse(text)
    assert told.value.code == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b" {} ", {}),
        (b"9007199254740991", 2**53 - 1),
        (b"1.5", 1.5),
        ('{"a":"ميثاق","b":[null,true]}'.encode(), {"a": "ميثاق", "b": [None, True]}),
        (b'"\\ud83d\\ude9a"', "🚚"),
    ],
)
def test_what_is_one_is_read(text: bytes, value: object) -> None:
    assert parse(text) == value

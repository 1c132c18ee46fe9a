"""One spelling of what a person meant, before it is checked and signed."""

from __future__ import annotations

import unicodedata
from typing import Any


def normal(value: Any) -> Any:
    """Typed text in Unicode normal form C, empty fields left out."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return value

"""What is shown of one field, as words to be said on the phone, in three languages.

>>> aloud("12-34567", "clear")["en"], aloud("31.45,36.95", "generalised:10km")["en"]
('12-34567', 'somewhere within 10 km around 31.45,36.95')
>>> aloud("2026-11-20T04:00:00Z", "generalised:hour")["fr"]
'dans l’heure qui commence à 2026-11-20T04:00:00Z'
>>> aloud("p:0123456789abcdef0123456789abcdef", "pseudonym")["en"]
'not to be said; its code is 0123 4567 89ab cdef 0123 4567 89ab cdef'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PLACES = {"100m": "100 m", "1km": "1 km", "10km": "10 km", "100km": "100 km"}
_NEAR = {"ar": "في محيط {size} حول {value}", "en": "somewhere within {size} around {value}",
         "fr": "quelque part à {size} autour de {value}"}  # fmt: skip
_TIMES = {
    "minute": {"ar": "في الدقيقة التي تبدأ عند {value}", "en": "in the minute that begins at {value}",
               "fr": "dans la minute qui commence à {value}"},
    "hour": {"ar": "في الساعة التي تبدأ عند {value}", "en": "in the hour that begins at {value}",
             "fr": "dans l’heure qui commence à {value}"},
    "day": {"ar": "في اليوم الذي يبدأ عند {value}", "en": "on the day that begins at {value}",
            "fr": "le jour qui commence à {value}"},
    "month": {"ar": "في الشهر الذي يبدأ عند {value}", "en": "in the month that begins at {value}",
              "fr": "le mois qui commence à {value}"},
}  # fmt: skip
_CODE = {"ar": "لا يُقال؛ ورمزه {value}", "en": "not to be said; its code is {value}",
         "fr": "ne se dit pas ; son code est {value}"}  # fmt: skip
_YES = {"ar": "نعم", "en": "yes", "fr": "oui"}
_NO = {"ar": "لا", "en": "no", "fr": "non"}
_PLAIN = dict.fromkeys(("ar", "en", "fr"), "{value}")


def aloud(value: Any, level: str) -> dict[str, str]:
    """The words in each language; nothing more precise is in them than in the value at this level."""
    if isinstance(value, bool):
        return dict(_YES if value else _NO)
    precision = level.partition(":")[2]
    if level == "pseudonym":
        code = str(value).removeprefix("p:")
        return _filled(_CODE, " ".join(code[i : i + 4] for i in range(0, len(code), 4)))
    if precision in PLACES:
        return _filled(_NEAR, str(value), PLACES[precision])
    return _filled(_TIMES.get(precision, _PLAIN), ", ".join(_parts(value)))


def _filled(words: dict[str, str], value: str, size: str = "") -> dict[str, str]:
    return {language: text.format(value=value, size=size) for language, text in words.items()}


def _parts(value: Any) -> Iterator[str]:
    """A value as text: of what has parts, each part."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _parts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _parts(each)
    elif value is not None:
        yield str(value)

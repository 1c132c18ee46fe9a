"""How many examples a property is tried with: few each time, and many in ``make soak``, which says so."""

from __future__ import annotations

import os

from hypothesis import settings

MANY = "MITHAQ_EXAMPLES"
"""The environment variable by which the long runs ask for so many times the examples."""


def examples(few: int) -> settings:
    """So many examples when the tests are run often, and many times that in the long runs."""
    return settings(max_examples=few * int(os.environ.get(MANY, "1")), deadline=None)

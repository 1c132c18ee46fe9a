"""The watermark: how far the journal had come, kept beside the store, so that a store set back by a restore is noticed.

It is written after each commit and not flushed: it may lag behind the store, and is never ahead of it unless the store
was set back. A restore of the whole home sets it back too: then the operator has to say so (``mithaq node restored``).
"""

from __future__ import annotations

import os
from pathlib import Path

_WIDTH = 20


class Watermark:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    @property
    def position(self) -> int:
        """The position last noted; 0 if none was, or it cannot be read."""
        text = os.pread(self._file, _WIDTH, 0)
        return int(text) if text.isdigit() else 0

    def note(self, position: int) -> None:
        os.pwrite(self._file, b"%0*d" % (_WIDTH, position), 0)

    def close(self) -> None:
        os.close(self._file)

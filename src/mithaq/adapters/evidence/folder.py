"""Evidence in a folder of the home: a file for each event, named by what was received, and never more than a bound."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import structlog

from mithaq.kernel import canonical
from mithaq.kernel.link.evidence import Evidence

MOST = {"signed": 10_000, "turned-away": 200}
log = structlog.get_logger("mithaq.evidence")


class EvidenceFolder:
    """Keeps what it is given, readable by the owner only. The same bytes for the same reason are kept once.

    Of what was turned away the oldest make room: anyone can send garbage. Of what a partner signed none does: when the
    folder is full, that is logged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._alone = threading.Lock()

    def keep(self, evidence: Evidence) -> None:
        """Never raises: what is wrong with a partner must not stop what is right."""
        log.warning("evidence", kind=evidence.kind, partner=evidence.partner, code=evidence.code)
        file = self._path / f"{evidence.kind}-{evidence.code.replace('_', '-')}-{evidence.sha256[:32]}.json"
        try:
            with self._alone:
                if not file.exists() and self._room(evidence.kind):
                    _write(file, canonical.write_line(evidence))
        except OSError as problem:
            log.error("evidence is not kept", reason=problem.strerror)

    def _room(self, kind: str) -> bool:
        kept = sorted(self._path.glob(f"{kind}-*.json"), key=lambda file: file.stat().st_mtime)
        if len(kept) < MOST[kind]:
            return True
        if kind == "signed":
            log.error("evidence is not kept", reason=f"{MOST[kind]} files are here; move some away")
            return False
        kept[0].unlink()
        return True


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)

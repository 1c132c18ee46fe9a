"""Searching a program: every byte of its memory that it could read itself, and every file under its home."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PIECE = 8 * 1024 * 1024


def in_memory(pid: int, needles: Mapping[str, bytes]) -> set[str]:
    """The names of those that are found in the memory of a process. Skips only where the system forbids to look."""
    overlap = max(map(len, needles.values())) - 1
    found: set[str] = set()
    try:
        for piece in _memory(pid, overlap):
            found |= {name for name, needle in needles.items() if name not in found and needle in piece}
    except PermissionError:
        pytest.skip("this system forbids to read the memory of a process of one's own")
    return found


def in_files(folder: Path, needles: Mapping[str, bytes]) -> set[str]:
    """The names of those that are found in any file under a folder, or in its name."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        text = content + b"\n" + str(path.relative_to(folder)).encode()
        found |= {name for name, needle in needles.items() if needle in text}
    return found


def text(name: str, value: str) -> dict[str, bytes]:
    """A text as Python, JSON or a wire may hold it."""
    return {
        f"{name} (utf-8)": value.encode(),
        f"{name} (utf-16)": value.encode("utf-16-le"),
        f"{name} (utf-32)": value.encode("utf-32-le"),
        f"{name} (escaped)": value.encode("ascii", "backslashreplace"),
    }


def secret(name: str, value: bytes) -> dict[str, bytes]:
    """A secret in its raw bytes and as text. Base64 without its end, which depends on what comes after."""
    return {
        f"{name} (raw)": value,
        f"{name} (hex)": value.hex().encode(),
        f"{name} (base64)": base64.b64encode(value)[: len(value) * 4 // 3 - 3],
    }


def _memory(pid: int, overlap: int) -> Iterator[bytes]:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if not rights.startswith("r"):
                continue
            start, end = (int(each, 16) for each in span.split("-"))
            kept = b""
            while start < end:
                try:
                    memory.seek(start)
                    piece = memory.read(min(PIECE, end - start))
                except (OSError, ValueError, OverflowError):  # [vvar] and the like: the process cannot read it either
                    break
                if not piece:
                    break
                yield kept + piece
                kept, start = piece[-overlap:] if overlap else b"", start + len(piece)

"""Key files: for their owner only, and never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from mithaq.adapters.keystore.file import KeyFile
from mithaq.errors import BadInput, Clash, NotFound, Untrusted
from mithaq.kernel.keys import verify


def test_what_was_written_signs_the_same_after_loading(tmp_path: Path) -> None:
    made = KeyFile.create(tmp_path / "keys.json")
    again = KeyFile.load(tmp_path / "keys.json")
    verify(made.signing, b"m", again.sign(b"m"))
    assert (made.sealing, made.mac(b"x")) == (again.sealing, again.mac(b"x"))
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "keys.json")
    (tmp_path / "keys.json").chmod(0o640)
    with pytest.raises(Untrusted):
        KeyFile.load(tmp_path / "keys.json")


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "keys.json")
    with pytest.raises(Clash):
        KeyFile.create(tmp_path / "keys.json")


def test_no_keys_or_broken_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        KeyFile.load(tmp_path / "none")
    path = tmp_path / "broken"
    path.write_bytes(b'{"ed25519":"AA"}')
    path.chmod(0o600)
    with pytest.raises(BadInput):
        KeyFile.load(path)

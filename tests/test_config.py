"""A node's settings: what was written is read again, and what is not understood is refused with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mithaq.config import Bind, Config, Home, PartnerSettings, home, read_config, write_config, write_private
from mithaq.errors import MithaqError

WHOLE = Config(
    party="JO",
    names={"ar": 'الأردن "المملكة"', "en": "Jordan\\x"},
    link=Bind("10.0.0.1", 9101),
    partners={"SA": PartnerSettings("https://sa.example:9102", "sha256:" + "ab" * 32)},
)


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    write_config(Home(tmp_path), WHOLE)
    assert read_config(Home(tmp_path)) == WHOLE
    assert Home(tmp_path).settings.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('party = "JO"', 'party = "Jordan"'),
        ('party = "JO"', "party = JO"),
        ("[names]", "[colours]"),
        ("port = 9101", "port = 99999"),
        ("https://", "http://"),
        ("sha256:", "md5:"),
        ('host = "127.0.0.1"', 'host = "0.0.0.0"'),
        ("[partners.SA]", "[partners.sa]"),
    ],
)
def test_what_is_not_understood_is_refused_and_names_the_file(tmp_path: Path, old: str, new: str) -> None:
    folder = Home(tmp_path)
    write_config(folder, WHOLE)
    folder.settings.write_text(folder.settings.read_text().replace(old, new, 1))
    with pytest.raises(MithaqError) as caught:
        read_config(folder)
    assert str(folder.settings) in caught.value.where


def test_the_home_is_the_named_one_or_that_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MITHAQ_HOME", str(tmp_path / "b"))
    assert home(str(tmp_path / "a")).path == tmp_path / "a"
    assert home(None).path == tmp_path / "b"


def test_a_private_file_is_written_into_nobody_elses(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.write_text("as it was")
    theirs.chmod(0o666)
    (tmp_path / f"ours.{os.getpid()}.new").symlink_to(theirs)
    write_private(ours, b"secret")
    assert (theirs.read_text(), ours.read_bytes(), ours.is_symlink()) == ("as it was", b"secret", False)
    (tmp_path / f"ours.{os.getpid()}.new").write_text("left over")
    (tmp_path / f"ours.{os.getpid()}.new").chmod(0o666)
    write_private(ours, b"new")
    assert (ours.read_bytes(), ours.stat().st_mode & 0o777) == (b"new", 0o600)

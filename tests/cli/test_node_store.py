"""``mithaq node init --store``: a home whose store is a database, or no home at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mithaq.assembly import open_home_store
from mithaq.cli.main import mithaq
from mithaq.config import Home, StoreSettings, read_config, store_password
from mithaq.errors import Clash, Invalid, MithaqError, NotFound, Unavailable, Untrusted
from tests.postgres import server


def init(home: Path, url: str, *more: str) -> Result:
    words = ["--home", str(home), "node", "init", "JO", "--store", url, *more]
    return CliRunner().invoke(mithaq, words, standalone_mode=False)


def test_a_home_is_made_with_its_tables_and_no_password_in_its_settings(tmp_path: Path) -> None:
    url = server().fresh()
    (tmp_path / "pw").write_text("of no use on a socket\n")
    (tmp_path / "pw").chmod(0o600)
    made = init(tmp_path / "jo", url, "--store-password-file", str(tmp_path / "pw"))
    assert made.exception is None
    home = Home(tmp_path / "jo")
    settings = read_config(home).store
    assert settings == StoreSettings(url, str(tmp_path / "pw"))
    assert store_password(home, settings) == "of no use on a socket"
    assert "of no use" not in home.settings.read_text()
    store = open_home_store(home)
    with store.read() as tx:
        assert tx.memos.get("party") == "JO"
    store.close()
    again = init(tmp_path / "other", url)
    assert isinstance(again.exception, Clash)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://a:secret@localhost/b", Invalid),
        ("postgresql://a@db.example/b", Invalid),
        ("postgresql://a@/b?host=/nonexistent", Unavailable),
        ("sqlite:///x", Invalid),
    ],
)
def test_where_the_database_cannot_be_used_nothing_is_made(tmp_path: Path, url: str, kind: type[MithaqError]) -> None:
    refused = init(tmp_path / "jo", url)
    assert isinstance(refused.exception, kind)
    assert "secret" not in f"{refused.exception}{refused.output}"
    assert not (tmp_path / "jo").exists()


def test_the_settings_are_refused_with_a_password_in_them_and_a_password_that_others_may_read(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.settings.write_text('party = "JO"\n[names]\nen = "J"\n[store]\nurl = "postgresql://a:secret@localhost/b"\n')
    with pytest.raises(Invalid) as caught:
        read_config(home)
    assert caught.value.code == "store-password"
    assert "secret" not in str(caught.value)
    (tmp_path / "pw").write_text("x")
    (tmp_path / "pw").chmod(0o644)
    settings = StoreSettings("postgresql://a@localhost/b", "pw")
    with pytest.raises(Untrusted):
        store_password(home, settings)
    with pytest.raises(NotFound):
        store_password(home, StoreSettings("postgresql://a@localhost/b", "absent"))

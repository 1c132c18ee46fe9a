"""The unlock secret of a node that starts by itself: where it is looked for, and when it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mithaq.config import Home, unlock_secret
from mithaq.errors import Invalid, NotFound, Untrusted


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv("MITHAQ_UNLOCK_FILE", raising=False)
    return Home(tmp_path)


def put(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_services_credential_comes_first_then_the_named_file_then_the_home(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unlock_secret(home) is None
    put(home.unlock, "of the home\n")
    assert unlock_secret(home) == b"of the home"
    monkeypatch.setenv("MITHAQ_UNLOCK_FILE", str(put(home.path / "named", "named")))
    assert unlock_secret(home) == b"named"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(home.path / "credentials"))
    assert unlock_secret(home) == b"named"  # the service has other credentials only
    put(home.path / "credentials" / "mithaq-unlock", "of systemd", 0o440)  # as systemd shows its ACL
    assert unlock_secret(home) == b"of systemd"


def test_a_secret_that_others_may_read_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    put(home.unlock, "x", 0o640)
    with pytest.raises(Untrusted):
        unlock_secret(home)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(home.path / "credentials"))
    put(home.path / "credentials" / "mithaq-unlock", "x", 0o444)
    with pytest.raises(Untrusted):
        unlock_secret(home)


def test_a_named_file_that_is_missing_is_said_and_no_other_is_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home.unlock, "of the home")
    monkeypatch.setenv("MITHAQ_UNLOCK_FILE", str(home.path / "none"))
    with pytest.raises(NotFound):
        unlock_secret(home)


def test_an_empty_secret_is_none(home: Home) -> None:
    put(home.unlock, "\n")
    with pytest.raises(Invalid):
        unlock_secret(home)

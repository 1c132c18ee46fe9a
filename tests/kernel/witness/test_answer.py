"""A witness of its own: what it answers, over its real state."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mithaq.adapters.keystore.file import KeyFile
from mithaq.adapters.keystore.witness import WitnessKeys, fresh
from mithaq.adapters.witness.state import WitnessState
from mithaq.api.witness import witness_app
from mithaq.errors import Malformed
from mithaq.kernel.clock import ManualClock
from mithaq.kernel.link.evidence import Evidence
from mithaq.kernel.link.log.checkpoint import Checkpoint, sign_checkpoint
from mithaq.kernel.link.log.note import ED25519, ML_DSA_65
from mithaq.kernel.link.log.proof import Tree
from mithaq.kernel.link.log.tree import EMPTY_ROOT, append, root
from mithaq.kernel.shelves import Edge
from mithaq.kernel.witness.answer import Newest, read_request, write_request
from mithaq.kernel.witness.cosignature import VerifierKey, read_vkey
from mithaq.kernel.witness.service import Service
from tests.kernel.witness.lines import verified
from tests.worlds import START

ORIGIN = "mithaq/JO/SA"
JO, OTHER, WITNESS = KeyFile.generate(), KeyFile.generate(), WitnessKeys(fresh("bureau.example/witness"))
ENTRIES = [os.urandom(32) for _ in range(300)]


class Log:
    """A log that its owner signs at any size."""

    def __init__(self, entries: list[bytes], keys: KeyFile = JO, origin: str = ORIGIN) -> None:
        self.entries, self.keys, self.origin = entries, keys, origin
        self._signed: dict[int, str] = {}  # a signature is another each time

    def tree(self, size: int) -> Tree:
        edge, full = append(Edge(), self.entries[:size])
        return Tree(edge, lambda level, index: {(a, b): tile for a, b, tile in full}.get((level, index)))

    def note(self, size: int) -> str:
        if size not in self._signed:
            edge, _ = append(Edge(), self.entries[:size])
            made = sign_checkpoint(Checkpoint(self.origin, size, root(edge)), self.keys, self.keys.signing)
            self._signed[size] = made
        return self._signed[size]

    def request(self, old: int, size: int) -> bytes:
        proof = self.tree(size).consistency(old, size) if 0 < old < size else []
        return write_request(old, proof, self.note(size))


def told_of(path: Path) -> WitnessState:
    state = WitnessState(path)
    names = ((ED25519, "ed25519"), (ML_DSA_65, "ml-dsa-65"))
    state.add(ORIGIN, [tuple(VerifierKey(ORIGIN, sort, JO.signing[name]) for sort, name in names)])
    return state


class Bureau:
    def __init__(self, folder: Path) -> None:
        self.path, self.evidence = folder / "witness.db", list[Evidence]()
        self.state = told_of(self.path)
        self.service = Service(self.state, WITNESS, ManualClock(START), self.evidence.append)
        self.http = TestClient(witness_app(self.service))

    def add(self, body: bytes) -> tuple[int, str]:
        answer = self.http.post("/add-checkpoint", content=body)
        return answer.status_code, answer.text


@pytest.fixture
def bureau(tmp_path: Path) -> Bureau:
    return Bureau(tmp_path)


LOG, FORK = Log(ENTRIES), Log([*ENTRIES[:5], os.urandom(32), *ENTRIES[6:]])


def test_what_it_cosigns_others_verify_with_both_keys(bureau: Bureau) -> None:
    status, lines = bureau.add(LOG.request(0, 7))
    assert (status, lines.count("\n")) == (200, 2)
    for key in WITNESS.keys:
        assert verified(LOG.note(7) + lines, key.text) == int(START.timestamp())
        assert read_vkey(key.text) == key
    status, lines = bureau.add(LOG.request(7, 300))
    assert status == 200
    for key in WITNESS.keys:
        verified(LOG.note(300) + lines, key.text)
        with pytest.raises(Exception, match=r".*"):
            verified(LOG.note(299) + lines, key.text)


def test_a_monitor_is_shown_the_newest_with_the_signatures_of_log_and_witness(bureau: Bureau) -> None:
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert bureau.http.get(path).status_code == 404
    bureau.add(LOG.request(0, 7))
    note = bureau.http.get(path).text
    assert note.startswith(LOG.note(7))
    assert all(verified(note, key.text) for key in WITNESS.keys)


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda: Log(ENTRIES, origin="mithaq/JO/IQ").request(0, 7), 404),
        (lambda: Log(ENTRIES, keys=OTHER).request(0, 7), 403),
        (lambda: _false(LOG.request(0, 7)), 403),
        (lambda: _half(LOG.request(0, 7)), 403),
        (lambda: write_request(9, [], LOG.note(7)), 400),
        (lambda: b"old 07\n\n" + LOG.note(7).encode(), 400),
        (lambda: b"old 0\n" + b"AA==\n" + b"\n" + LOG.note(7).encode(), 400),
        (lambda: b"old 0\n" + base64.b64encode(bytes(32)) + b"\n\n" + LOG.note(7).encode(), 422),
        (lambda: write_request(0, [bytes(32)] * 64, LOG.note(7)), 400),
        (lambda: LOG.request(3, 7), 409),
        (lambda: b"", 400),
        (lambda: b"\xff" * 100, 400),
        (lambda: b"old 0\n\n" + b"x" * 100_000, 400),
    ],
)
def test_what_is_not_as_it_must_be_gets_the_status_of_the_specification(
    bureau: Bureau, make: Callable[[], bytes], status: int
) -> None:
    assert bureau.add(make())[0] == status
    assert bureau.state.newest(ORIGIN) == Newest()


def test_an_empty_log_has_the_root_of_the_empty_tree(bureau: Bureau) -> None:
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), JO, JO.signing)
    wrong = sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), JO, JO.signing)
    assert bureau.add(write_request(0, [], wrong))[0] == 422
    assert bureau.add(write_request(0, [], empty))[0] == 200


def test_a_wrong_old_size_is_told_where_the_witness_stands(bureau: Bureau) -> None:
    bureau.add(LOG.request(0, 7))
    answer = bureau.http.post("/add-checkpoint", content=LOG.request(3, 9))
    assert (answer.status_code, answer.text) == (409, "7\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"


def test_it_never_goes_back_and_never_cosigns_two_roots_for_one_size(bureau: Bureau) -> None:
    bureau.add(LOG.request(0, 7))
    assert bureau.add(LOG.request(0, 5)) == (409, "7\n")
    assert bureau.add(LOG.request(5, 5)) == (409, "7\n")
    assert bureau.add(write_request(7, [], FORK.note(7)))[0] == 422
    assert bureau.add(write_request(7, [], LOG.note(7)))[0] == 200  # the same again is cosigned again
    assert bureau.add(FORK.request(7, 20))[0] == 422
    assert bureau.state.newest(ORIGIN).size == 7


def test_two_roots_for_one_size_are_kept_as_evidence_with_both_notes(bureau: Bureau) -> None:
    bureau.add(LOG.request(0, 7))
    bureau.add(FORK.request(0, 7))  # 409, and yet it is proof
    [found] = bureau.evidence
    assert (found.code, found.partner, found.given.decode()) == ("equivocation", "JO", FORK.note(7))
    assert found.held[0].startswith(LOG.note(7).partition("\n\n")[0])


def test_of_two_that_race_one_is_cosigned_and_the_other_told_to_begin_again(bureau: Bureau) -> None:
    """The race of the specification: both were checked against the same old size before either was kept."""
    bureau.add(LOG.request(0, 7))
    both, answers = threading.Barrier(2), []
    plain = bureau.state.advance

    def advance(origin: str, old: Newest, new: Newest) -> bool:
        both.wait(10)
        return plain(origin, old, new)

    bureau.state.advance = advance  # type: ignore[method-assign]
    requests = (LOG.request(7, 20), LOG.request(7, 30))
    threads = [threading.Thread(target=lambda each=each: answers.append(bureau.service.add(each))) for each in requests]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.status for each in answers) == [200, 409]
    kept = bureau.state.newest(ORIGIN).size
    assert [each.body for each in answers if each.status == 409] == [f"{kept}\n"]


def test_a_witness_that_dies_after_keeping_and_before_answering_gives_the_same_root_later(bureau: Bureau) -> None:
    plain = bureau.state.advance

    def dies(origin: str, old: Newest, new: Newest) -> bool:
        plain(origin, old, new)
        raise KeyboardInterrupt

    bureau.state.advance = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        bureau.service.add(LOG.request(0, 7))
    again = Service(WitnessState(bureau.path), WITNESS, ManualClock(START), bureau.evidence.append)
    assert again.add(FORK.request(0, 7)).status == 409
    assert again.add(write_request(7, [], FORK.note(7))).status == 422
    assert again.add(write_request(7, [], LOG.note(7))).status == 200


def test_a_request_is_read_as_it_was_written() -> None:
    found = read_request(LOG.request(7, 300))
    assert (found.old, found.checkpoint.size, found.text) == (7, 300, LOG.note(300))
    assert write_request(found.old, found.proof, found.text) == LOG.request(7, 300)


def _false(body: bytes) -> bytes:
    """With one byte of the last signature changed."""
    head, _, line = body.decode().removesuffix("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(line))
    raw[-1] ^= 1
    return f"{head} {base64.b64encode(bytes(raw)).decode()}\n".encode()


def _half(body: bytes) -> bytes:
    """Without its ML-DSA-65 half."""
    return b"\n".join(body.split(b"\n")[:-2]) + b"\n"


def test_keys_of_witnesses_are_spelt_exactly() -> None:
    for key in WITNESS.keys:
        for old, new in (("+", " "), ("bureau", "b"), (key.text[-4:], ""), (key.text[-4:], "====")):
            with pytest.raises(Malformed):
                read_vkey(key.text.replace(old, new, 1))

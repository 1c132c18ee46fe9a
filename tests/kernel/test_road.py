"""The road of one record, from the command that states it to the partner's list, and what the partner never gets."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from mithaq.errors import BadInput, Invalid, NotAllowed, NotFound, Unavailable
from mithaq.kernel import canonical
from mithaq.kernel.link.log.checkpoint import verify_checkpoint
from mithaq.kernel.link.log.proof import verify_inclusion
from mithaq.kernel.link.log.tree import entry_of
from mithaq.kernel.link.message import Content
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.record import Record
from tests.worlds import World, alert


def state(world: World, **changes: object) -> str:
    return str(world.jo.do("intelligence.alert-vehicle", alert(**changes), who=HOME).result().id)


def held(world: World, id: str) -> dict[str, object]:
    return dict(world.sa.ask("intelligence.alert", {"id": id}, who=HOME).body)


def test_a_record_crosses_redacted_as_agreed(world: World) -> None:
    id = state(world)
    world.step()
    found = held(world, id)
    assert found["fields"] == {
        "plate": "12-34567",
        "registered_in": "JO",
        "make": "Hino 500",
        "colour": "أبيض",
        "reason": "drug_trafficking",
        "place": "31.455,37",
        "time": "2026-11-20T04:00:00Z",
    }
    assert found["handling"]["onward"] == "never"  # type: ignore[index]
    assert found["delete_by"] == "2027-11-20T12:00:00Z"
    world.assert_sound()


def test_nothing_withheld_is_anywhere_in_what_crossed(world: World) -> None:
    id = state(world, remarks="secret remark", source="secret source", reference="secret reference")
    world.step()
    with world.sa.store.read() as tx:
        [message] = tx.links.carrying(f"{id}/1")
        assert message.content is not None
        assert b"secret" not in message.content
        assert b"31.4912" not in message.content
        assert b"04:10:33" not in message.content


def test_free_text_leaves_only_as_a_release_text(world: World) -> None:
    search = {"purpose": "search_and_rescue", "reason": "missing_person"}
    silent, spoken = state(world, **search), state(world, **search, release_remarks="Four people.")
    world.step()
    assert "remarks" not in held(world, silent)["fields"]  # type: ignore[operator]
    assert held(world, spoken)["fields"]["remarks"] == "Four people."  # type: ignore[index]


def test_what_own_law_forbids_stays_and_says_why(world: World) -> None:
    stated = world.jo.do("intelligence.alert-vehicle", alert(caveats=["protected_source"]), who=HOME).result()
    assert stated.released == ()
    assert stated.withheld == {"SA": ("law-JO/1 1",)}
    world.step()
    with pytest.raises(NotFound):
        held(world, stated.id)
    [reason] = world.jo.ask("release.why", {"id": stated.id}, who=HOME)
    assert reason.reasons == ("forbid law-JO/1 1",)
    assert reason.peer_view == {"decision": "deny"}


def test_a_correction_is_a_new_version_and_the_first_stays(world: World) -> None:
    id = state(world, reference="R-1")
    assert state(world, reference="R-1", colour="red") == id
    world.step()
    assert held(world, id)["version"] == 2
    with world.sa.store.read() as tx:
        assert tx.records.get(id, 1) is not None
    with world.jo.store.read() as tx:
        first, second = tx.records.get(id, 1), tx.records.get(id, 2)
        assert first is not None
        assert second is not None
        assert canonical.decode(second.content, Record).previous == canonical.digest_of(
            canonical.decode(first.content, Record)
        )


def test_the_same_alert_again_changes_nothing(world: World) -> None:
    state(world, reference="R-1")
    again = world.jo.do("intelligence.alert-vehicle", alert(reference="R-1"), who=HOME).result()
    assert again.unchanged
    world.step()
    assert world.audit()["released"] == 1


def test_an_exercise_is_never_listed_among_real_alerts(world: World) -> None:
    id = state(world, exercise=True, reference="R-1")
    real = state(world, reference="R-1")
    world.step()
    assert id != real
    for node in (world.jo, world.sa):
        assert [row.key for row in node.ask("intelligence.alerts", {}, who=HOME)] == [real]
        assert [row.key for row in node.ask("intelligence.alerts", {"exercise": True}, who=HOME)] == [id]


def test_a_nation_writes_only_its_own_records(world: World) -> None:
    id = state(world)
    world.step()
    with pytest.raises(NotAllowed):
        world.sa.do("intelligence.correct-vehicle", alert(id=id), who=HOME).result()


def test_the_preview_is_what_crosses(world: World) -> None:
    id = state(world)
    shown = world.jo.ask("release.preview", {"id": id, "to": "SA"}, who=HOME)
    world.step()
    assert {each.field: each.theirs for each in shown.fields if each.theirs is not None} == held(world, id)["fields"]
    changed = {each.field: each.by for each in shown.fields if each.level != "clear"}
    assert changed["place"] == "JO-SA-border/1 4.1"
    assert set(changed) == {"place", "time", "source", "remarks"}


@pytest.mark.parametrize(
    "changes",
    [
        {"plate": ""},
        {"plate": "x" * 21},
        {"reason": "suspicious"},
        {"place": "far away"},
        {"time": "yesterday"},
        {"time": "2026-11-20T04:10:33"},
        {"purpose": "profiling"},
        {"registered_in": "Jordan"},
        {"religion": "any"},
        {"caveats": "protected_source"},
    ],
    ids=str,
)
def test_bad_input_is_refused_and_nothing_is_kept(world: World, changes: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        world.jo.do("intelligence.alert-vehicle", alert(**changes), who=HOME).result()
    with world.jo.store.read() as tx:
        assert tx.journal.last() == 0


def test_an_unknown_caveat_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        world.jo.do("intelligence.alert-vehicle", alert(caveats=["protected_sorce"]), who=HOME).result()


def test_what_waits_for_an_absent_partner_arrives_when_it_is_back(world: World) -> None:
    world.wire.leave("SA")
    id = state(world)
    with pytest.raises(Unavailable):
        world.jo.deliver("SA")
    world.jo.step()
    assert world.jo.line("SA").state == "retrying"
    world.wire.join("SA", world.sa.receive)
    world.jo.line("SA").reached()
    world.step()
    assert held(world, id)["version"] == 1
    world.assert_sound()


def test_every_question_that_may_tell_of_a_person_is_audited_first(world: World) -> None:
    id = state(world)
    world.jo.ask("intelligence.alert", {"id": id}, who=replace(HOME, id="officer-7"))
    with world.jo.store.read() as tx:
        assert ("officer-7", "intelligence.alert", id) in [
            (each.who, each.act, each.subject) for each in tx.audit.page()
        ]


def test_many_rows_are_taken_with_the_bad_ones_told_apart(world: World) -> None:
    rows = [alert(plate=f"P-{n}") for n in range(5)] + [alert(purpose="profiling")]
    taken = world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
    assert [bool(each.stated) for each in taken] == [True] * 5 + [False]
    assert "profiling" in taken[-1].problem
    world.step()
    assert world.audit()["released"] == 5


def test_each_message_is_provable_to_the_signed_log_from_either_side(world: World) -> None:
    for count in (3, 300):
        rows = [alert(plate=f"P-{count}-{n}") for n in range(count)]
        world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
        world.step()
    for seq in (1, 3, 4, 256, 257, 303):
        asked = {"sender": "JO", "receiver": "SA", "seq": seq}
        ours, theirs = (node.ask("link.prove", asked, who=HOME) for node in (world.jo, world.sa))
        assert ours == theirs
        signed = verify_checkpoint(theirs.checkpoint, "mithaq/JO/SA", world.jo.card.keys)
        with world.sa.store.read() as tx:
            message = tx.links.get("JO>SA", seq)
        assert message is not None
        entry = entry_of(bytes.fromhex(theirs.salt), message.content or b"")
        path = [bytes.fromhex(part) for part in theirs.path]
        verify_inclusion(entry, seq - 1, signed.size, path, signed.root)
    with pytest.raises(NotFound):
        world.jo.ask("link.prove", asked | {"seq": 304}, who=HOME)


def test_one_commit_is_signed_once_whatever_it_numbers(world: World) -> None:
    world.jo.do("intelligence.alert-vehicles", {"rows": [alert(plate=f"P-{n}") for n in range(50)]}, who=HOME).result()
    with world.jo.store.read() as tx:
        assert [size for size, _ in tx.links.checkpoints("JO>SA")] == [50]
        message = tx.links.get("JO>SA", 7)
        assert message is not None
        assert message.content is not None
        assert msgspec.json.decode(message.content, type=Content).seq == 7

"""What is said on the phone is what would be released, and no more; and both sides hold that it was said and heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mithaq.errors import BadInput, NotAllowed, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.clock import write_instant
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.people.second import Waits
from tests.kernel.people.staff import Staff
from tests.worlds import World, alert, two_nations

PERSON: dict[str, Any] = {
    "name": "سالم", "reason": "missing_person", "subject": "missing", "purpose": "people_smuggling", "screened": True,
    "nationality": "SA",
}  # fmt: skip
pytestmark = pytest.mark.usefixtures("quick")
TO = {"to": "SA", "role": "duty_officer"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with two_nations(tmp_path) as made:
        yield made


def raised(world: World, sort: str = "vehicle", **given: Any) -> str:
    fields = alert(**given) if sort == "vehicle" else given
    return str(world.jo.do(f"intelligence.alert-{sort}", fields, who=HOME).result().id)


def may_say(world: World, id: str, **changes: Any) -> Any:
    return world.jo.ask("release.may-say", {"id": id, **TO, **changes}, who=HOME)


def say(world: World, id: str, *fields: str, **changes: Any) -> Any:
    at = write_instant(world.clock.now() - timedelta(minutes=2))
    given = {"id": id, **TO, "fields": fields, "at": at, **changes}
    return world.jo.do("release.spoken", given, who=HOME).result()


def test_what_may_be_said_is_what_a_preview_shows_in_words(world: World) -> None:
    id = raised(world)
    said = may_say(world, id)
    preview = world.jo.ask("release.preview", {"id": id, "to": "SA"}, who=HOME)
    assert {each.field for each in said.says} == {each.field for each in preview.fields if each.theirs is not None}
    words = {each.field: each.words for each in said.says}
    assert words["plate"] == dict.fromkeys(("ar", "en", "fr"), "12-34567")
    assert words["place"]["en"].startswith("somewhere within 10 km around ")
    everything = canonical.encode(canonical.plain(said)).decode()
    assert "informant S-17" not in everything
    assert "not to be warned" not in everything
    assert "36.9987" not in everything
    assert (said.basis.clause, said.needs_second) == ("4.1", False)


def test_both_sides_hold_that_it_was_said_and_that_it_was_heard(world: World) -> None:
    id = raised(world)
    said = say(world, id, "plate", "place")
    world.step()
    (there,) = world.sa.ask("release.told", {}, who=HOME)
    assert (there.by, there.record, there.state, there.by_role, there.to_role) == (
        "JO", id, "told", "duty_officer", "duty_officer",
    )  # fmt: skip
    assert there.fields == {"plate": "clear", "place": "generalised:10km"}
    assert there.at == "2026-11-20T11:58:00Z"
    (owed,) = [each for each in world.sa.ask("duty.list", {}, who=HOME) if each.what == "confirm_heard"]
    assert owed.owed_by == "liaison_officer"
    world.sa.do("release.heard", {"matter": said.matter}, who=HOME).result()
    world.step()
    assert world.jo.ask("release.told", {}, who=HOME) == world.sa.ask("release.told", {}, who=HOME)
    assert world.jo.ask("release.told", {}, who=HOME)[0].state == "heard"
    assert not [each for each in world.sa.ask("duty.list", {}, who=HOME) if each.what == "confirm_heard"]
    with world.jo.store.read() as tx:
        envelopes = b"".join(each.envelope for each in tx.statements.of(said.matter))
    assert b"12-34567" not in envelopes
    world.assert_sound()


def test_what_was_heard_otherwise_is_said(world: World) -> None:
    said = say(world, raised(world), "plate", "colour")
    world.step()
    given = {"matter": said.matter, "as_told": False, "fields": ["plate"]}
    world.sa.do("release.heard", given, who=HOME).result()
    world.step()
    (note,) = world.jo.ask("release.told", {}, who=HOME)
    assert (note.state, note.heard) == ("disputed", ("plate",))
    with pytest.raises(NotFound):  # only they to whom it was told say what they heard
        world.jo.do("release.heard", {"matter": said.matter}, who=HOME).result()


@pytest.mark.parametrize("field", ["source", "remarks", "nonsense"])
def test_no_field_is_recorded_that_may_not_be_said(world: World, field: str) -> None:
    id = raised(world)
    with pytest.raises(BadInput) as refused:
        say(world, id, "plate", field)
    assert refused.value.code == "unknown-word"
    assert refused.value.where == "$.fields[1]"
    with world.jo.store.read() as tx:
        assert not tx.statements.matters("matter.spoken/1")


def test_nothing_may_be_said_that_the_law_would_not_release(world: World) -> None:
    id = raised(world, caveats=["domestic_only"])
    said = may_say(world, id)
    assert said.says == ()
    assert said.reasons == ("forbid JO-SA-border/1 9.1",)
    assert said.basis is None
    with pytest.raises(NotAllowed):
        say(world, id, "plate")


def test_only_the_authority_that_may_have_it_is_told(world: World) -> None:
    id = raised(world, purpose="customs_control", place="31.5,37.01")
    assert may_say(world, id).says == ()
    assert "recipients" in may_say(world, id).reasons
    assert may_say(world, id, authority="intelligence").says == ()
    assert "plate" in {each.field for each in may_say(world, id, authority="customs").says}
    with pytest.raises(NotAllowed):
        say(world, id, "plate")
    say(world, id, "plate", authority="customs")


def test_what_waits_for_a_second_person_waits_on_the_phone_too(world: World, staff: Staff) -> None:
    id = raised(world, "person", **PERSON)
    police = {"authority": "police"}
    assert may_say(world, id, **police).says == ()
    assert may_say(world, id, **police).needs_second
    with pytest.raises(NotAllowed) as refused:
        say(world, id, "nationality", **police)
    assert refused.value.code == "second"
    rania, huda = staff.officer("rania", "duty_officer"), staff.officer("huda", "supervisor")
    waits = staff.do("release.clear-to-say", {"id": id, **TO, **police}, rania)
    assert isinstance(waits, Waits)
    assert may_say(world, id, **police).says == ()
    staff.do("acts.approve", {"id": waits.waiting}, huda)
    said = may_say(world, id, **police)
    assert {"nationality", "reason"} <= {each.field for each in said.says}
    assert "name" in {e.field for e in said.says}
    assert "سالم" not in canonical.encode(canonical.plain(said)).decode()
    say(world, id, "nationality", **police)
    assert may_say(world, id, authority="border_guard").says == ()  # it was agreed for one role of one authority
    world.clock.advance(timedelta(hours=1))
    assert may_say(world, id, **police).says == ()


def test_it_is_recorded_on_the_day_and_not_in_advance(world: World) -> None:
    id = raised(world)
    for hours in (1, -25):
        with pytest.raises(BadInput) as refused:
            say(world, id, "plate", at=write_instant(world.clock.now() + timedelta(hours=hours)))
        assert refused.value.code == "instant"


def test_a_record_that_was_taken_back_is_not_spoken_of(world: World) -> None:
    id = raised(world)
    world.jo.do("link.recall", {"id": id}, who=HOME).result()
    with pytest.raises(NotFound):
        may_say(world, id)

"""Pages from data, as an officer meets them: lists, details, forms, maps; who may open which; nothing typed is lost."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from mithaq.capabilities import load
from mithaq.errors import Clash
from mithaq.kernel.core import core
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.plug import Column, Page
from tests.capabilities.oversight.desk import REASONS, complain, do
from tests.console import board
from tests.console.office import COLUMNS, PAGES, browser, enrol, fill, hidden, invited, officer, typed, with_pages
from tests.worlds import World, alert


@pytest.fixture(autouse=True)
def pages(world: World) -> None:
    with_pages(world.jo, *PAGES)
    with_pages(world.sa, *PAGES)


@pytest.fixture
def client(world: World) -> TestClient:
    return officer(world, "rania", "duty_officer")


@pytest.fixture
def built_in(world: World, pages: None) -> None:
    """The pages that the capabilities of the node themselves declare."""
    world.jo.capabilities = tuple(load(each.name) if each.name != "core" else core for each in world.jo.capabilities)


def raised(world: World, **changes: str) -> str:
    return str(world.jo.do("intelligence.alert-vehicle", alert(**changes), who=HOME).result().id)


def test_an_alert_is_raised_by_a_form_and_seen_to_be_released(world: World, client: TestClient) -> None:
    given = {**fill(client, "/p/raise"), **typed()}
    done = client.post("/p/raise", data=given)
    assert done.status_code == 200
    assert "Done" in done.text
    assert "SA" in done.text
    assert "Saudi Arabia" in done.text or "released" in done.text
    found = re.search(r'class="button" href="(/p/alert\?id=JO-[^"]+)"', done.text)
    assert found
    detail = client.get(found[1]).text
    for shown in ("12-34567", "drug trafficking", "31.4912,36.9987", "20 November 2026 04:10:33 UTC"):
        assert shown in detail, shown
    listed = client.get("/p/alerts").text
    assert "12-34567" in listed
    assert unescape(found[1]) in unescape(listed)
    world.step()
    assert world.sa.ask("intelligence.alerts", {}, who=HOME)[0].title == "12-34567"
    world.assert_sound()


def test_what_our_own_law_keeps_from_a_reader_is_said_and_not_left_out(world: World, client: TestClient) -> None:
    id = raised(world)
    page = client.get(f"/p/alert?id={id}").text
    assert "informant S-17" not in page
    assert "hidden from you by our own law" in page
    assert "informant S-17" in officer(world, "lina", "analyst").get(f"/p/alert?id={id}").text


def test_the_same_form_sent_twice_is_one_act(world: World, client: TestClient) -> None:
    given = {**fill(client, "/p/raise"), **typed()}
    first, second = client.post("/p/raise", data=given), client.post("/p/raise", data=given)
    assert first.text == second.text
    assert len(world.jo.ask("intelligence.alerts", {}, who=HOME)) == 1
    changed = client.post("/p/raise", data={**given, "plate": "99-1"})
    assert changed.status_code == 400
    assert "sent before and has been changed" in changed.text
    anew = client.post("/p/raise", data={**given, "plate": "99-1", **hidden(changed.text)})
    assert anew.status_code == 200
    assert len(world.jo.ask("intelligence.alerts", {}, who=HOME)) == 2


def test_all_that_is_to_be_mended_is_told_at_its_field_and_nothing_typed_is_lost(client: TestClient) -> None:
    wrong = {
        "plate": " ",
        "place": "near the <well>",
        "time": "yesterday",
        "remarks": "line 1\r\nline 2",
        "make": "Hino",
    }
    told = client.post("/p/raise", data={**fill(client, "/p/raise"), **typed(), **wrong})
    assert told.status_code == 400
    for name in ("plate", "place", "time"):
        assert f'id="f-{name}-problem"' in told.text, name
        assert f'href="#f-{name}"' in told.text
    assert told.text.count('class="problem"') == 3
    assert "This is needed" in told.text
    for kept in ('value="near the &lt;well&gt;"', 'value="yesterday"', "line 1\nline 2", 'value="Hino"'):
        assert kept in told.text, kept
    assert '<option value="drug_trafficking" selected>' in told.text


def test_what_only_the_node_can_know_is_told_at_its_field(client: TestClient) -> None:
    told = client.post("/p/raise", data={**fill(client, "/p/raise"), **typed(purpose="curiosity")})
    assert told.status_code == 400
    assert 'id="f-purpose-problem"' in told.text
    assert '<option value="curiosity" selected>' in told.text


def test_a_form_asks_for_each_field_by_its_type(client: TestClient) -> None:
    page = client.get("/p/raise").text
    assert '<select id="f-reason" name="reason" required' in page
    assert '<select id="f-purpose" name="purpose" required' in page  # a word of the adopted vocabulary
    assert '<input type="checkbox" id="f-flash" name="flash"' in page
    assert re.search(r'<textarea id="f-remarks" name="remarks"', page)
    assert "registration plate as it is written on the vehicle" in page
    assert "2027-03-01T04:10:00Z" in page


def test_a_correction_begins_with_what_is_there(world: World, client: TestClient) -> None:
    id = raised(world)
    page = client.get(f"/p/alert?id={id}").text
    assert f'href="/p/correct?id={id}"' in page
    form = client.get(f"/p/correct?id={id}").text
    assert 'value="12-34567"' in form
    assert '<option value="drug_trafficking" selected>' in form
    given = {**typed(plate="12-00001"), "id": id, **hidden(form)}
    assert client.post("/p/correct", data=given).status_code == 200
    assert "12-00001" in client.get(f"/p/alert?id={id}").text


def test_what_was_typed_outlives_a_session_that_ended(world: World, client: TestClient) -> None:
    given = {**fill(client, "/p/raise"), **typed(make="Volvo <FH>")}
    world.jo.do("people.end-sessions", {"id": "officer/rania"}, who=HOME).result()
    kept = client.post("/p/raise", data=given)
    assert kept.status_code == 403
    assert 'name="make" value="Volvo &lt;FH&gt;"' in kept.text
    assert world.jo.ask("intelligence.alerts", {}, who=HOME) == ()
    again = officer(world, "samir", "duty_officer")
    shown = again.post("/p/raise", data={**given, "_again": "yes"})
    assert 'value="Volvo &lt;FH&gt;"' in shown.text
    assert world.jo.ask("intelligence.alerts", {}, who=HOME) == ()  # shown, not sent


def test_nothing_of_a_record_is_ever_markup(world: World, client: TestClient) -> None:
    plate = "<script>1</script>"
    given = {
        **fill(client, "/p/raise"),
        **typed(plate=plate, make='"><img src=x>', remarks="<script>alert(1)</script>"),
    }
    done = client.post("/p/raise", data=given)
    assert done.status_code == 200
    id = world.jo.ask("intelligence.alerts", {}, who=HOME)[0].key
    for path in ("/p/alerts", "/p/alerts-map", f"/p/alert?id={id}", f"/p/correct?id={id}"):
        page = client.get(path).text
        assert "&lt;script&gt;1&lt;/script&gt;" in page, path
        assert "<script" not in page, path
        assert "<img" not in page, path


def test_a_list_goes_on_after_its_fiftieth_row(world: World, client: TestClient) -> None:
    rows = [alert(plate=f"10-{n:03}", reference=f"r{n}") for n in range(60)]
    world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
    first = client.get("/p/alerts").text
    found = re.search(r'href="(/p/alerts\?[^"]*after=[^"]+)"', first)
    assert found
    second = client.get(unescape(found[1])).text
    plates = [set(re.findall(r"10-[0-9]{3}", page)) for page in (first, second)]
    assert len(plates[0]) == 50
    assert len(plates[1]) == 10
    assert not plates[0] & plates[1]
    assert "Next page" not in second


def test_an_exercise_is_marked_as_one(world: World, client: TestClient) -> None:
    id = world.jo.do("intelligence.alert-vehicle", alert(exercise=True), who=HOME).result().id
    assert "12-34567" not in client.get("/p/alerts").text
    listed = client.post("/p/alerts", data={"exercise": "on"}).text
    assert "12-34567" in listed
    assert "EXERCISE" in listed
    assert "EXERCISE" in client.get(f"/p/alert?id={id}").text


def test_what_a_partner_withheld_is_said_with_provenance_and_handling(world: World) -> None:
    id = raised(world)
    world.step()
    client = browser(world.sa)
    enrol(world, client, invited(world.sa, "faisal", "duty_officer"))
    page = client.get(f"/p/alert?id={id}").text
    assert "informant S-17" not in page
    assert page.count("withheld by its origin") >= 1
    for told in ("Provenance and handling", "Jordan (JO)", "JO&gt;SA/1"):
        assert told in page, told


def test_a_map_is_drawn_here_with_a_list_beside_it(world: World, client: TestClient) -> None:
    raised(world, plate="north", place="32.5,36.0")
    raised(world, plate="south", place="29.5,35.0")
    page = client.get("/p/alerts-map").text
    spots = {
        int(n): (float(x), float(y))
        for x, y, n in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="11"/>\s*<text[^>]*>(\d+)<', page)
    }
    named = {name: int(n) for n, name in re.findall(r'<li value="(\d+)">\s*<a href="[^"]+"><bdi>(north|south)<', page)}
    assert spots[named["north"]][1] < spots[named["south"]][1]  # north is up
    assert spots[named["north"]][0] > spots[named["south"]][0]  # east is right
    assert "30° N" in page
    assert "36° E" in page
    arabic = client.get("/p/alerts-map", headers={"accept-language": "ar"}).text
    assert re.findall("<circle [^>]+>", arabic) == re.findall("<circle [^>]+>", page)  # not mirrored


def test_an_officer_sees_only_the_pages_of_their_roles(world: World) -> None:
    client = officer(world, "omar", "oversight")
    home = client.get("/").text
    assert "/p/" not in home
    for path in ("/p/alerts", "/p/raise", "/p/alerts-map", "/p/alert?id=JO-00000000000000000000000000"):
        refused = client.get(path)
        assert refused.status_code == 403, path
        assert "Not allowed" in refused.text
    assert client.post("/p/raise", data=typed()).status_code == 403
    acts = [line.act for line in world.jo.ask("audit.list", {}, who=HOME).lines if line.who == "officer/omar"]
    assert {"refused intelligence.alerts", "refused intelligence.alert-vehicle"} <= set(acts)


def test_a_permission_that_is_taken_takes_its_page(world: World, client: TestClient) -> None:
    assert 'href="/p/raise"' in client.get("/p/alerts").text
    given = {"role": "duty_officer", "permission": "intelligence.alert-vehicle", "change": "take"}
    world.jo.do("people.permit", given, who=HOME).result()
    assert 'href="/p/raise"' not in client.get("/p/alerts").text
    assert client.get("/p/raise").status_code == 403


def test_what_is_not_there_is_not_found(client: TestClient) -> None:
    for path in ("/p/nothing", "/p/alert", "/p/alert?id=x", "/p/alert?id=JO-00000000000000000000000000"):
        assert client.get(path).status_code == 404, path


def test_two_pages_of_one_name_are_refused(world: World) -> None:
    with_pages(world.jo, *PAGES, Page("alerts", "alerts", "list", "intelligence.alerts", (Column("title", "subject"),)))
    with pytest.raises(Clash, match="take this name"):
        browser(world.jo)


def test_the_page_that_is_open_is_marked_in_the_menu(client: TestClient) -> None:
    page = client.get("/p/alerts").text
    assert '<a href="/p/alerts" aria-current="page">' in page
    assert page.count("aria-current") == 1
    assert 'href="/p/alert"' not in page  # one row in detail is reached from a row
    assert 'href="/p/correct"' not in page
    assert len(COLUMNS) == len(re.findall('<th scope="col">', page)) or "There is nothing here" in page


def test_an_act_that_needs_a_second_person_says_so_plainly(world: World, client: TestClient) -> None:
    command = world.jo.commands["intelligence.alert-vehicle"]
    held: Any = replace(command, second=lambda desk, given: "it names a source")
    world.jo.commands["intelligence.alert-vehicle"] = held
    told = client.post("/p/raise", data={**fill(client, "/p/raise"), **typed()})
    assert told.status_code == 202
    waiting = world.jo.ask("acts.waiting", {}, who=HOME)
    for said in ("Not done yet", "A second person must agree", "it names a source", waiting[0].id, "Until"):
        assert said in told.text, said
    assert world.jo.ask("intelligence.alerts", {}, who=HOME) == ()


def test_what_is_looked_for_stays_out_of_the_address(world: World, built_in: None) -> None:
    raised(world, plate="12-34567")
    raised(world, plate="98-76543")
    client = officer(world, "rania", "duty_officer")
    assert 'name="find"' in client.get("/p/intelligence.alerts").text
    found = client.post("/p/intelligence.alerts", data={"find": "98-76543"})
    assert "98-76543" not in str(found.url)
    assert 'value="98-76543"' in found.text
    assert "<bdi>98-76543</bdi>" in found.text
    assert "<bdi>12-34567</bdi>" not in found.text


def test_the_next_page_of_a_search_looks_for_the_same(world: World, built_in: None) -> None:
    rows = [alert(plate=f"10-{n:03}", reference=f"r{n}") for n in range(60)]
    rows += [alert(plate="77-001", reference="other")]
    world.jo.do("intelligence.alert-vehicles", {"rows": rows}, who=HOME).result()
    client = officer(world, "rania", "duty_officer")
    first = client.post("/p/intelligence.alerts", data={"find": "10"}).text
    form = first.partition('<form class="turn"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert sent["find"] == "10"
    second = client.post("/p/intelligence.alerts", data=sent).text
    plates = [set(re.findall(r"10-[0-9]{3}", page)) for page in (first, second)]
    assert [len(each) for each in plates] == [50, 10]
    assert not plates[0] & plates[1]
    assert "77-001" not in second


def test_what_cannot_be_looked_for_is_told_at_its_field(world: World, built_in: None) -> None:
    client = officer(world, "rania", "duty_officer")
    told = client.post("/p/intelligence.alerts", data={"kind": "spaceship", "find": "x" * 300})
    assert told.status_code == 400
    assert 'id="f-kind-problem"' in told.text
    assert 'id="f-find-problem"' in told.text


def closed_complaint(world: World) -> str:
    made = complain(world.jo)
    do(world.jo, "close", id=made.id, outcome="nothing_held", reasons=REASONS)
    return str(made.id)


def test_every_built_in_page_opens_for_who_may(world: World, built_in: None) -> None:
    id = raised(world)
    client = officer(world, "rania", "duty_officer", "analyst", "liaison_officer", "supervisor")
    oversees, runs = officer(world, "lina", "oversight", "legal_officer"), officer(world, "huda", "administrator")
    complaint = closed_complaint(world)
    opened = 0
    for page in (page for capability in world.jo.capabilities for page in capability.pages):
        watched = page.of.startswith(("audit.", "oversight."))
        who = oversees if watched else runs if page.of.startswith("people.") else client
        shown = complaint if page.of.startswith("oversight.") else id
        told = who.get(f"/p/{page.name}" + (f"?id={shown}" if page.sort == "detail" else ""))
        assert told.status_code == 200, page.name
        opened += 1
    assert opened >= 10


def test_a_page_may_bring_a_template_of_its_own(world: World) -> None:
    world.jo.capabilities = (*world.jo.capabilities, board.capability)
    world.jo.questions[board.SHIFTS.name] = board.SHIFTS
    page = officer(world, "rania", "duty_officer").get("/p/board.shifts")
    assert page.status_code == 200
    assert 'href="/p/board.shifts" aria-current="page"' in page.text  # inside the layout of every page
    assert "<li>&lt;script&gt;night&lt;/script&gt;</li>" in page.text
    assert officer(world, "omar", "oversight").get("/p/board.shifts").status_code == 403

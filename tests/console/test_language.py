"""Languages: everything is said in three, what a record says is isolated, and nothing built in is left in English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import resources

import pytest
from msgspec import inspect

from mithaq.capabilities import ALWAYS, BUILT_IN, load
from mithaq.console.entry import NATION, entries
from mithaq.console.language import LANGUAGES, Tongue, phrases, words
from mithaq.console.pages import Pages
from mithaq.console.rows import TURNING
from mithaq.kernel.core import core
from mithaq.kernel.declaration import structs_in
from mithaq.kernel.law.vocabulary import load_vocabulary
from mithaq.kernel.people.actor import HOME
from mithaq.kernel.people.roles import STANDARD
from mithaq.kernel.plug import Capability, Column, Page
from tests.console.office import PAGES, browser, officer, with_pages
from tests.worlds import World, alert

SAME_IN_ALL = re.compile("[A-Z0-9l]|image/.*|true|false")
"""Grades and units that are one character, media types; and what a form says as *yes* and *no*."""
TEMPLATES = resources.files("mithaq.console").joinpath("templates")


def said_by(capabilities: Iterable[Capability]) -> set[str]:
    """Every word that the pages of these capabilities show: titles, labels, meanings, hints, and codes of lists."""
    vocabulary = load_vocabulary(resources.files("mithaq.laws").joinpath("vocabulary.json").read_bytes())
    found = {*STANDARD}
    for listed in Pages(capabilities):
        found |= {listed.capability.name, listed.page.title, *(column.label for column in listed.page.columns)}
        if listed.page.sort in ("list", "map"):
            found.add(listed.of.summary)
        if listed.page.sort != "detail":
            for entry in entries(listed.of.takes, listed.capability.kinds, words=vocabulary, leave=TURNING):
                found |= {entry.label, entry.hint if entry.hint != NATION else "", *entry.options}
        for kind in listed.capability.kinds:
            found |= set(codes_of(kind.body))
    return found - {""}


def codes_of(struct: type) -> Iterator[str]:
    """The words of every closed list in a type."""
    waiting = [field.type for each in structs_in(struct) for field in each.fields]
    while waiting:
        found = waiting.pop()
        if isinstance(found, inspect.LiteralType):
            yield from (str(value) for value in found.values)
        elif isinstance(found, inspect.Metadata):
            waiting.append(found.type)
        elif isinstance(found, inspect.UnionType):
            waiting += found.types
        elif isinstance(found, inspect.CollectionType):
            waiting.append(found.item_type)


def untranslated(capabilities: Iterable[Capability]) -> list[str]:
    return sorted(text for text in said_by(capabilities) if text not in words() and not SAME_IN_ALL.fullmatch(text))


def test_every_phrase_is_there_in_every_language_with_the_same_words_put_in() -> None:
    for key, phrase in phrases().items():
        told = [getattr(phrase, language) for language in LANGUAGES]
        assert all(told), key
        assert len({tuple(sorted(re.findall(r"{\w+}", text))) for text in told}) == 1, key
    for text, word in words().items():
        assert word.ar, text
        assert word.fr, text


def test_every_phrase_that_is_said_is_there_and_every_one_that_is_there_is_said() -> None:
    python = [path.read_text() for path in resources.files("mithaq.console").iterdir() if path.name.endswith(".py")]
    text = "".join([*python, *(path.read_text() for path in TEMPLATES.iterdir())])
    said = set(re.findall(r'say\(\s*["\']([a-z-]+)["\']', text))
    assert said <= phrases().keys()
    for key in phrases():
        assert f'"{key}"' in text or f"'{key}'" in text, key


@pytest.mark.parametrize("name", ["core", *ALWAYS, *BUILT_IN])
def test_no_label_of_a_built_in_page_is_left_in_english(name: str) -> None:
    capability = core if name == "core" else load(name)
    assert untranslated((capability,)) == []


def test_a_label_that_nobody_has_translated_is_found_and_shown_as_it_is(world: World) -> None:
    page = Page("odd", "an odd page of goats", "list", "intelligence.alerts", (Column("title", "horns"),))
    with_pages(world.jo, page)
    assert {"an odd page of goats", "horns"} <= set(untranslated(world.jo.capabilities))
    assert "an odd page of goats" in officer(world, "rania", "duty_officer").get("/p/odd").text


@pytest.mark.parametrize(
    ("language", "direction", "words_said"),
    [
        ("ar", "rtl", ("تسجيل الخروج", "التنبيهات", "سبب التنبيه", "الاتجار بالمخدرات", "نوفمبر", "الأردن (JO)")),
        ("en", "ltr", ("Sign out", "alerts", "why to look out for it", "drug trafficking", "November", "Jordan (JO)")),
        ("fr", "ltr", ("Se déconnecter", "signalements", "motif du signalement", "novembre", "Jordanie (JO)")),
    ],
)
def test_a_page_is_in_one_language_and_direction(
    world: World, language: str, direction: str, words_said: tuple[str, ...]
) -> None:
    with_pages(world.jo, *PAGES)
    world.jo.do("intelligence.alert-vehicle", alert(), who=HOME).result()
    page = officer(world, "rania", "duty_officer", **{"accept-language": language}).get("/p/alerts").text
    assert f'<html lang="{language}" dir="{direction}">' in page
    for said in words_said:
        assert said in page, said
    if language == "ar":
        main = re.sub("<bdi.*?</bdi>|<[^>]+>", " ", page.partition('tabindex="-1">')[2].partition("</main")[0])
        assert not re.findall("[A-Za-z]{4,}", main)  # no word of English is left but what a record itself says


def test_a_chosen_language_stays_and_leads_back(world: World) -> None:
    client = browser(world.jo)
    told = client.post("/language", data={"language": "ar", "back": "/sign-in?next=/p/alerts"}, follow_redirects=False)
    assert told.headers["location"] == "/sign-in?next=/p/alerts"
    assert 'dir="rtl"' in client.get("/sign-in").text
    told = client.post("/language", data={"language": "fr", "back": "//evil.example/"}, follow_redirects=False)
    assert told.headers["location"] == "/"
    client.post("/language", data={"language": "<b>"})
    assert 'lang="fr"' in client.get("/sign-in").text


def test_what_people_wrote_is_isolated_from_the_direction_of_the_page(world: World) -> None:
    with_pages(world.jo, *PAGES)
    made = world.jo.do("intelligence.alert-vehicle", alert(plate="12-34567", make="شاحنة Hino"), who=HOME).result()
    client = officer(world, "rania", "duty_officer", **{"accept-language": "ar"})
    assert "<bdi>12-34567</bdi>" in client.get("/p/alerts").text
    assert '<bdi dir="ltr" class="place">31.4912,36.9987</bdi>' in client.get(f"/p/alert?id={made.id}").text


def test_the_stylesheet_knows_no_left_and_right_and_loads_nothing(world: World) -> None:
    client = browser(world.jo)
    found = re.search(r'<link rel="stylesheet" href="([^"]+)"', client.get("/sign-in").text)
    assert found
    style = client.get(found[1])
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert not re.search(
        r"\b(left|right|(?:margin|padding|border)-(?:top|bottom))\b", style.text.replace("--right", "")
    )
    assert "url(" not in style.text
    assert "@import" not in style.text
    for mode in ("prefers-color-scheme: dark", ":focus-visible", "@media print"):
        assert mode in style.text


def test_nothing_is_marked_as_safe_but_the_drawing_of_a_code() -> None:
    marked = [path.name for path in TEMPLATES.iterdir() if re.search(r"\|\s*safe|autoescape", path.read_text())]
    assert marked == ["enrol.html"]


def test_a_tongue_says_what_it_does_not_know_as_it_is() -> None:
    assert Tongue("ar").word("some_code") == "some code"
    assert Tongue("ar").word("Some Name_1") == "Some Name_1"
    assert Tongue("fr").label("SA") == "Arabie saoudite"

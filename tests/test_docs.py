"""The documents are held against the code."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from mithaq.cli.main import mithaq
from mithaq.kernel import statement
from mithaq.kernel.link import judge

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_file_that_the_architecture_names_exists() -> None:
    for page in ("architecture.md", "newcomer.md"):
        for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|json))`", (ROOT / "docs" / page).read_text()):
            assert (ROOT / "src" / "mithaq" / name).exists() or (ROOT / name).exists(), name


def test_the_walk_names_modules_that_exist() -> None:
    walk = (ROOT / "docs" / "architecture.md").read_text().split("```")[1]
    for name in re.findall(r"((?:kernel|capabilities|adapters|api)/[a-z_/]+)", walk):
        path = ROOT / "src" / "mithaq" / name
        assert path.exists() or path.with_suffix(".py").exists(), name


def test_every_command_is_in_the_operators_guide() -> None:
    text = (ROOT / "docs" / "operator.md").read_text()
    context = click.Context(mithaq)
    for name in mithaq.list_commands(context):
        command = mithaq.get_command(context, name)
        assert command is not None
        leaves = [f"{name} {leaf}" for leaf in command.commands] if isinstance(command, click.Group) else [name]
        for leaf in leaves:
            assert leaf == "demo" or re.search(rf"mithaq(?: --home \S+)? {leaf}", text), leaf


def test_every_refusal_code_is_in_the_protocol() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text()
    source = Path(judge.__file__).read_text()
    for code in re.findall(r'(?:NotAllowed|Invalid|Untrusted)\("([a-z_]+)"', source):
        assert f"`{code}`" in text, code
    assert statement.media_type("receipt") in text


def test_every_word_of_the_glossary_has_three_languages() -> None:
    rows = [line for line in (ROOT / "docs" / "glossary.md").read_text().splitlines() if line.startswith("| ")]
    for row in rows:
        assert all(cell.strip() for cell in row.strip("|").split("|")), row

"""Commands of capabilities, generated from their declarations: ``mithaq CAPABILITY VERB``, the same for every one."""

from __future__ import annotations

from typing import Any

import click

from mithaq.cli.common import json_option
from mithaq.cli.export import export_group
from mithaq.cli.feeds import import_command
from mithaq.cli.options import gather, key_of, parameters
from mithaq.cli.show import emit
from mithaq.cli.told import tell
from mithaq.kernel.plug import Capability, Command, Question


def group_for(name: str) -> click.Group:
    """The commands of a capability: what it declares, and ``import`` and ``export`` where there is something to."""
    from mithaq.capabilities import load

    capability = load(name)
    made = click.Group(name, help=_sentence(capability.summary))
    declared: tuple[Command | Question, ...] = (*capability.commands, *capability.questions)
    for each in declared:
        if each.name.startswith(f"{name}."):
            made.add_command(command_for(each, capability))
    if capability.feeds:
        made.add_command(import_command(capability))
    if capability.questions:
        made.add_command(export_group(capability))
    return made


def core_group(name: str, summary: str) -> click.Group:
    """The commands of a part of what every node answers: those whose names begin with it."""
    from mithaq.capabilities import ALWAYS, load
    from mithaq.kernel.core import core

    made = click.Group(name, help=_sentence(summary))
    for capability in (core, *map(load, ALWAYS)):
        declared: tuple[Command | Question, ...] = (*capability.commands, *capability.questions)
        for each in declared:
            if each.name.startswith(f"{name}."):
                made.add_command(command_for(each, capability))
    return made


def command_for(declared: Command | Question, capability: Capability) -> click.Command:
    """The CLI command of one declaration."""

    def run(as_json: bool, source: str | None, key: str = "", glass: str = "", **options: Any) -> None:
        from mithaq.cli.reach import reach

        given = gather(declared, options, source)
        surrounding = {name: value for name, value in (("key", key), ("glass", glass)) if value}
        with reach(click.get_current_context().obj) as reached:
            if isinstance(declared, Question):
                found = reached.ask(declared.name, given)
            else:
                found = reached.do(declared.name, given, **surrounding)
        emit(found, as_json=as_json, text="" if as_json else tell(declared, found, capability))

    made = click.command(declared.name.partition(".")[2], help=_help(declared))(json_option(run))
    made.params = [*parameters(declared, capability), *_surrounding(declared), *made.params]
    return made


def _surrounding(declared: Command | Question) -> list[click.Parameter]:
    """What is not part of what a command takes, but of how it is given."""
    found: list[click.Parameter] = [
        click.Option(["--from", "source"], metavar="FILE", help="The whole input as JSON; - reads standard input.")
    ]
    if isinstance(declared, Question):
        return found
    found.append(click.Option(["--key"], callback=key_of, help="The same key again is the same act, done once."))
    if declared.second is not None:
        why = "Do it without the second person it needs, for this reason; it is reviewed."
        found.append(click.Option(["--break-glass", "glass"], metavar="REASON", default="", help=why))
    return found


def _help(declared: Command | Question) -> str:
    first, _, _ = (declared.takes.__doc__ or "").strip().partition("\n\n")
    return _sentence(declared.summary) + (f"\n\n{' '.join(first.split()).replace('``', '')}" if first else "")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."

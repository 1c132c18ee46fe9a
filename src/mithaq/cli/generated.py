"""Commands of capabilities, generated from their declarations: one option for each field of what a command takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import msgspec

from mithaq.cli.common import json_option
from mithaq.cli.show import emit
from mithaq.kernel.plug import Command, Question


def command_for(declared: Command | Question, show: Callable[[Any], str]) -> click.Command:
    """A CLI command for a declaration; ``show`` tells its answer to a person."""
    asks = isinstance(declared, Question)

    @json_option
    @click.pass_context
    def run(ctx: click.Context, /, as_json: bool, **options: Any) -> None:
        from mithaq.cli.reach import reach

        given = {name: value for name, value in options.items() if value not in (None, ())}
        with reach(ctx.obj) as reached:
            found = (reached.ask if asks else reached.do)(declared.name, given)
        emit(found, as_json=as_json, text="" if as_json else show(found))

    made = click.command(declared.name.partition(".")[2], help=declared.summary.capitalize() + ".")(run)
    made.params = [_parameter(field) for field in msgspec.structs.fields(declared.takes)] + made.params
    return made


def _parameter(field: Any) -> click.Parameter:
    name = f"--{field.name.replace('_', '-')}"
    if field.name == "id":
        return click.Argument(["id"])
    if field.type is bool:
        return click.Option([name, field.name], is_flag=True, default=False)
    if field.type is int:
        return click.Option([name, field.name], type=int, default=field.default, show_default=True)
    return click.Option([name, field.name], required=field.required, multiple=_is_list(field), metavar="TEXT")


def _is_list(field: Any) -> bool:
    return isinstance(field.default, tuple)

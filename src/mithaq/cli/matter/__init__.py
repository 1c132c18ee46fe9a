"""``mithaq matter``: joint matters as this node holds them, and what is owed in them."""

from __future__ import annotations

import click

from mithaq.cli.matter.look import duties, list_, show
from mithaq.cli.matter.say import say, share, sign


@click.group()
def matter() -> None:
    """Joint matters: what was said by whom, where each party stands, what is owed by when."""


for each in (list_, show, say, sign, share, duties):
    matter.add_command(each)

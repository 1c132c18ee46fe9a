"""``mithaq law``: check, show and try laws; sign an agreement, adopt it, and see what is in force."""

from __future__ import annotations

import click

from mithaq.cli.law.check import check
from mithaq.cli.law.decide import decide
from mithaq.cli.law.schema import schema
from mithaq.cli.law.show import show
from mithaq.cli.law.signing import adopt, list_, sign


@click.group()
def law() -> None:
    """Agreements and laws: check, show, decide by, sign, adopt."""


for each in (check, show, decide, schema, sign, adopt, list_):
    law.add_command(each)

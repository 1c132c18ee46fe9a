"""``mithaq law``: check, show and try laws; negotiate, sign and leave agreements, and see what is in force."""

from __future__ import annotations

import click

from mithaq.cli.law.check import check
from mithaq.cli.law.consent import accede, consent, end, endorse, object_, ratify, reserve, resume, suspend, withdraw
from mithaq.cli.law.decide import decide
from mithaq.cli.law.offer import counter, propose
from mithaq.cli.law.schema import schema
from mithaq.cli.law.show import show
from mithaq.cli.law.signing import adopt, adopt_words, list_, sign
from mithaq.cli.law.status import status, text


@click.group()
def law() -> None:
    """Agreements and laws: check, show, decide by, negotiate, sign, suspend, adopt."""


PURE = (check, show, decide, schema)
NEGOTIATED = (
    propose, counter, endorse, sign, ratify, reserve, object_, accede, consent, suspend, resume, withdraw, end,
    status, text,
)  # fmt: skip
ADOPTED = (adopt, adopt_words, list_)
for each in (*PURE, *NEGOTIATED, *ADOPTED):
    law.add_command(each)

"""``mithaq law schema``: the JSON Schema of what law commands read and write."""

from __future__ import annotations

import json

import click

SHAPES = ("law", "vocabulary", "request", "answer")


@click.command()
@click.argument("shape", type=click.Choice(SHAPES))
def schema(shape: str) -> None:
    """The JSON Schema (2020-12) of a law, a vocabulary, or a line that mithaq law decide reads or writes."""
    click.echo(write_schema(shape), nl=False)


def write_schema(shape: str) -> str:
    """The schema as it stands in docs/schemas."""
    from msgspec.json import schema as schema_of

    from mithaq.kernel.law.law import Law
    from mithaq.kernel.law.question import Answer, Asked
    from mithaq.kernel.law.vocabulary import Vocabulary

    types: dict[str, type] = {"law": Law, "vocabulary": Vocabulary, "request": Asked, "answer": Answer}
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"mithaq {shape}"}
    return json.dumps({**made, **schema_of(types[shape])}, indent=1, ensure_ascii=False) + "\n"

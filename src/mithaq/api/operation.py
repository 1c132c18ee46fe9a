"""An operation: one thing that can be called over HTTP, as routes and the OpenAPI document both need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from mithaq.kernel.node import Node
from mithaq.kernel.node_acts import NODE_ACTS


class Operation(Struct, frozen=True, kw_only=True):
    """``sort`` says who answers it; ``waits`` that it may need a second person; ``open`` that anyone may call it."""

    name: str
    sort: Literal["command", "question", "node_act", "other"]
    method: Literal["GET", "POST", "DELETE"] = "POST"
    path: str
    summary: str
    takes: Any = None
    gives: Any = None
    status: int = 200
    media: str = "application/json"
    waits: bool = False
    open: bool = False
    problems: tuple[int, ...] = ()
    others: tuple[tuple[int, Any], ...] = ()  # statuses that are not told as problems, and what they give
    parameters: tuple[dict[str, Any], ...] = ()

    @property
    def tag(self) -> str:
        return self.name.partition(".")[0]


def operations(node: Node) -> Iterator[Operation]:
    """What is declared: every command, question and act with the node, at ``/v1/CAPABILITY/VERB``."""
    for command in node.commands.values():
        yield Operation(
            name=command.name, sort="command", path=path_of(command.name), summary=command.summary,
            takes=command.takes, gives=command.gives, waits=command.second is not None, problems=(409, 422),
        )  # fmt: skip
    for question in node.questions.values():
        yield Operation(
            name=question.name, sort="question", path=path_of(question.name), summary=question.summary,
            takes=question.takes, gives=question.gives, problems=(409,),
        )  # fmt: skip
    for act in NODE_ACTS.values():
        yield Operation(
            name=act.name, sort="node_act", path=path_of(act.name), summary=act.summary, takes=act.takes,
            gives=act.gives, problems=(409,),
        )  # fmt: skip


def path_of(name: str) -> str:
    """Where a declared name is called."""
    return "/v1/" + name.replace(".", "/")

"""The plug: what a capability gives to a node. Built-in capabilities use it exactly as foreign ones do.

A Command changes something, a Question reads. Each is declared once and becomes an HTTP route, a CLI command, a
permission and an audit entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mithaq.kernel.record import Kind
from mithaq.kernel.view import View

if TYPE_CHECKING:
    from mithaq.kernel.desk import Desk


class Command(Struct, frozen=True):
    """Something a person may do. ``run`` works inside the one transaction of the desk it is given."""

    name: str  # capability.verb-noun: intelligence.alert-vehicle
    summary: str
    takes: type[Struct]
    gives: Any
    run: Callable[[Desk, Any], Any]


class Question(Struct, frozen=True):
    """Something a person may ask. ``personal``: the answer may hold personal data, so asking is audited first.

    ``of_views``: the answer rests on views, so they are brought up to date first.
    """

    name: str
    summary: str
    takes: type[Struct]
    gives: Any
    run: Callable[[Desk, Any], Any]
    personal: bool = True
    of_views: bool = True


class Capability(Struct, frozen=True):
    """All that others may see of a capability."""

    name: str
    summary: str
    kinds: tuple[Kind, ...] = ()
    commands: tuple[Command, ...] = ()
    questions: tuple[Question, ...] = ()
    views: tuple[View, ...] = ()

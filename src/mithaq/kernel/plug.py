"""The plug: what a capability gives to a node. Built-in capabilities use it exactly as foreign ones do.

A Command changes something, a Question reads. Each is declared once and becomes an HTTP route, a CLI command, a
permission and an audit entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from mithaq.kernel.record import Kind
from mithaq.kernel.shelves import Holding
from mithaq.kernel.view import View

if TYPE_CHECKING:
    from mithaq.kernel.desk import Desk


class Command(Struct, frozen=True):
    """Something a person may do. ``run`` works inside the one transaction of the desk it is given.

    ``roles``: who may by default; a nation gives and takes this by ``people.permit``. ``second``: why this very act
    needs a second person, or nothing if it does not.
    """

    name: str  # capability.verb-noun: intelligence.alert-vehicle
    summary: str
    takes: type[Struct]
    gives: Any
    run: Callable[[Desk, Any], Any]
    roles: tuple[str, ...] = ()
    second: Callable[[Desk, Any], str] | None = None


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
    roles: tuple[str, ...] = ()


class Line(Struct, frozen=True):
    """One line of what a feed brought: what its command is to be given, or the reason why it cannot."""

    number: int
    given: dict[str, Any] | None = None
    problem: str = ""


class Feed(Struct, frozen=True):
    """A file format that faces inside the nation. ``read`` turns its bytes into lines for ``command``, one by one.

    ``command`` takes ``{"rows": [...]}`` and gives, row by row, what became of it.
    """

    name: str
    summary: str
    suffix: str  # .csv
    media_type: str
    command: str
    read: Callable[[bytes, str], Iterator[Line]]


class DutyRule(Struct, frozen=True):
    """What is owed once a record of our own is stated: a review, an answer. ``kind`` is the base of its Kind."""

    name: str
    kind: str
    run: Callable[[Desk, Holding], None]


class Answer(Struct, frozen=True):
    """What is owed, or stated in turn, once a partner's record has arrived. ``kind`` is the base of its Kind."""

    name: str
    kind: str
    run: Callable[[Desk, Holding], None]


class Alarm(Struct, frozen=True):
    """What the node does by itself at an instant that was set for it (``alarm.set_alarm``), about one subject."""

    name: str
    run: Callable[[Desk, str], None]


class Column(Struct, frozen=True):
    """One thing a page shows: where it stands in the answer (a dotted path), and how it is drawn."""

    path: str
    label: str
    as_: Literal["text", "code", "place", "time", "picture", "link"] = "text"


class Page(Struct, frozen=True):
    """A page of the console as data: a list or map of a question's rows, one row in detail, or a command's form.

    ``template`` names a file of the capability's own for the page that no data describes.
    """

    name: str
    title: str
    sort: Literal["list", "detail", "form", "map"]
    of: str  # the question it shows, or the command whose form it is
    columns: tuple[Column, ...] = ()
    opens: str = ""  # the page that one row leads to
    template: str = ""


class Capability(Struct, frozen=True):
    """All that others may see of a capability."""

    name: str
    summary: str
    kinds: tuple[Kind, ...] = ()
    commands: tuple[Command, ...] = ()
    questions: tuple[Question, ...] = ()
    answers: tuple[Answer, ...] = ()
    views: tuple[View, ...] = ()
    feeds: tuple[Feed, ...] = ()
    duties: tuple[DutyRule, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    pages: tuple[Page, ...] = ()

"""An act: a command that one actor runs, with everything that surrounds it, in one transaction.

Permission, the answer given before under the same key, the second person, the audit line: then the command itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace

from mithaq.errors import Clash, NotAllowed, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.people import permit, second
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.glass import break_glass
from mithaq.kernel.people.paper import find, keep
from mithaq.kernel.plug import Command
from mithaq.kernel.ports import Transaction
from mithaq.kernel.values import Instant

ANSWERS = "answers"
REMEMBERED = timedelta(hours=24)
NAMED_BY = ("id", "party", "to", "role", "permission")
"""The fields by which an act says what it is about, the first that there is."""
LONGEST = 1000  # characters of what a question asked for, in the audit log


class Ask(Struct, frozen=True):
    """What is asked: the command, what it takes, the key that makes it one act, the reason to break the glass."""

    command: Command
    given: Struct
    key: str = ""
    glass: str = ""


class Answered(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer that was given under a key, the digest of what was asked, and until when it is the answer."""

    asked: str
    waits: bool
    answer: msgspec.Raw
    until: Instant | None = None


@runtime_checkable
class ShownOnce(Protocol):
    """An answer with a secret in it: it is told once, and remembered without."""

    def without_secret(self) -> Any: ...


def run(asked: Ask, desk_for: Callable[[Actor], Desk], who: Actor) -> Any:
    """Do what was asked, or hold it for a second person; what the command gives, or ``Waits``."""
    desk = desk_for(who)
    actor = _allowed(desk.tx, who, asked.command)
    desk = replace(desk, actor=actor)
    if asked.glass:
        second.check_glass(actor, asked.glass)
    if asked.key and (known := _known(desk, asked)) is not None:
        return known
    answer = _run(asked, desk)
    if asked.key:
        _remember(desk, asked, answer)
    return answer


def run_held(act: second.HeldAct, desk: Desk) -> Any:
    """Do an act that waited, now that a second person has agreed: as the first, with the second beside.

    The first acts with the roles of this moment: NotAllowed if suspended, or without the permission, since it asked.
    Clash if the record it names was changed since.
    """
    command, given = held_command(act, desk)
    first = _allowed(desk.tx, first_of(act), command)
    as_first = replace(desk, actor=first, second=desk.actor)
    second.check_second(desk.tx, act, desk.actor, command, why_second(command, as_first, given), desk.at)
    second.check_stands(desk.tx, act, given)
    desk.tx.papers.remove(second.SORT, act.id)
    answer = command.run(as_first, given)
    _note(desk, act.first, act.name, given, answer, f"with {desk.who}")
    return answer


def held_command(act: second.HeldAct, desk: Desk) -> tuple[Command, Struct]:
    """The command of an act that waits, and what it was given; NotFound if this node has no such command any more."""
    command = desk.node.commands.get(act.name)
    if command is None:
        raise NotFound("command", f"this node no longer does {act.name}", hint="decline the act: acts.decline")
    return command, canonical.fit(act.given, command.takes)


def first_of(act: second.HeldAct) -> Actor:
    """Who asked for an act that waits, as it was then. What it may do now, ``permit.require`` says."""
    by: Literal["home", "token", "session"] = "home" if act.first == HOME.id else "session"
    return Actor(id=act.first, roles=act.roles, by="token" if act.first.startswith("program/") else by)


def why_second(command: Command, desk: Desk, given: Struct) -> str:
    """Why this very act needs a second person; nothing if it does not."""
    return command.second(desk, given) if command.second is not None else ""


def subject_of(given: object) -> str:
    """What an act was about, for the audit log: what it names, never contents."""
    named = given.get if isinstance(given, dict) else lambda name: getattr(given, name, None)
    return next((str(value) for value in map(named, NAMED_BY) if value), "")


def asked_for(taken: Struct) -> str:
    """What a question asked for beyond its defaults, as one line of JSON for the audit log; cut where it is long."""
    plain = canonical.plain(taken)
    usual = _usual(type(taken))
    asked = {name: value for name, value in plain.items() if getattr(taken, name) != usual.get(name)}
    return canonical.rewrite(asked).decode()[:LONGEST] if asked else ""


@cache
def _usual(takes: type[Struct]) -> dict[str, object]:
    return {field.name: field.default for field in fields(takes)}


def _allowed(tx: Transaction, who: Actor, command: Command) -> Actor:
    """The actor as it is now. NotAllowed if it may not; and for a program, which changes nothing of people at all."""
    actor = permit.require(tx, who, command)
    if actor.by == "token" and command.name.startswith("people."):
        raise NotAllowed("program", f"{command.name} is not for a program", hint="an administrator who has signed in")
    return actor


def _note(desk: Desk, who: str, act: str, given: Struct, answer: Any, reason: str) -> str:
    """The audit line of an act that was done; what it was about: what it named, or else what it made."""
    subject = subject_of(given) or subject_of(answer)
    desk.tx.audit.add(at=desk.at, who=who, act=act, subject=subject, reason=reason)
    return subject


def _run(asked: Ask, desk: Desk) -> Any:
    command, given = asked.command, asked.given
    why = why_second(command, desk, given)
    id = desk.node.randomness(8).hex()
    if why and not asked.glass:
        desk.tx.audit.add(at=desk.at, who=desk.who, act=f"asked {command.name}", subject=subject_of(given))
        return second.hold(desk.tx, desk.actor, command.name, given, why, desk.at, f"a{id}")
    if isinstance(why, second.OnlyBy):
        raise NotAllowed("glass", f"no glass is broken for this: {why}", hint="ask for it without, and it waits")
    answer = command.run(replace(desk, glass=asked.glass), given)
    subject = _note(desk, desk.who, command.name, given, answer, asked.glass)
    if why:
        break_glass(desk.tx, desk.actor, command.name, subject, asked.glass, desk.at, f"g{id}")
    return answer


def _known(desk: Desk, asked: Ask) -> Any:
    known = find(desk.tx, ANSWERS, _key(asked, desk.actor), Answered)
    if known is None or (known.until is not None and known.until <= desk.at):
        return None
    if known.asked != _digest(asked):
        raise Clash("key", "this idempotency key was used for something else", hint="use a new key for a new act")
    return msgspec.json.decode(known.answer, type=second.Waits if known.waits else asked.command.gives)


def _remember(desk: Desk, asked: Ask, answer: Any) -> None:
    if isinstance(answer, ShownOnce):
        answer = answer.without_secret()
    told, until = msgspec.Raw(msgspec.json.encode(answer)), desk.at + REMEMBERED
    kept = Answered(_digest(asked), isinstance(answer, second.Waits), told, until)
    keep(desk.tx, ANSWERS, _key(asked, desk.actor), kept, until=until)


def _key(asked: Ask, actor: Actor) -> str:
    """Of a program, for as long as it has this token: who holds the next one may be somebody else."""
    holder = f"{actor.id}|{actor.session}" if actor.by == "token" else actor.id
    return f"{holder}|{asked.key}"


def _digest(asked: Ask) -> str:
    return canonical.digest_of([asked.command.name, canonical.plain(asked.given), asked.glass])

"""An act: a command that one actor runs, with everything that surrounds it, in one transaction.

Permission, the answer given before under the same key, the second person, the audit line: then the command itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mithaq.errors import Clash, NotAllowed, NotFound
from mithaq.kernel import canonical
from mithaq.kernel.desk import Desk
from mithaq.kernel.people import permit, second
from mithaq.kernel.people.actor import HOME, Actor
from mithaq.kernel.people.glass import break_glass
from mithaq.kernel.plug import Command
from mithaq.kernel.ports import Transaction

ANSWERS = "answers"
REMEMBERED = timedelta(hours=24)


class Ask(Struct, frozen=True):
    """What is asked: the command, what it takes, the key that makes it one act, the reason to break the glass."""

    command: Command
    given: Struct
    key: str = ""
    glass: str = ""


class Answered(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer that was given under a key, and the digest of what was asked."""

    asked: str
    waits: bool
    answer: msgspec.Raw


@runtime_checkable
class ShownOnce(Protocol):
    """An answer with a secret in it: it is told once, and remembered without."""

    def without_secret(self) -> Any: ...


def run(asked: Ask, desk_for: Callable[[Actor], Desk], who: Actor) -> Any:
    """Do what was asked, or hold it for a second person; what the command gives, or ``Waits``."""
    desk = desk_for(who)
    actor = permit.require(desk.tx, who, asked.command)
    desk = replace(desk, actor=actor)
    if asked.key and (known := _known(desk.tx, asked, actor)) is not None:
        return known
    answer = _run(asked, desk)
    if asked.key:
        _remember(desk, asked, answer)
    return answer


def run_held(act: second.HeldAct, desk: Desk) -> Any:
    """Do an act that waited, now that a second person has agreed: as the first, with the second beside.

    The first acts with the roles of this moment: NotAllowed if suspended, or without the permission, since it asked.
    """
    command, given = held_command(act, desk)
    first = permit.require(desk.tx, first_of(act), command)
    as_first = replace(desk, actor=first, second=desk.actor)
    second.check_second(desk.tx, act, desk.actor, command, why_second(command, as_first, given))
    desk.tx.audit.add(at=desk.at, who=act.first, act=act.name, subject=subject_of(given), reason=f"with {desk.who}")
    desk.tx.papers.remove(second.SORT, act.id)
    return command.run(as_first, given)


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
    """What an act was about, for the audit log: the id it names, never contents."""
    return str(getattr(given, "id", ""))


def _run(asked: Ask, desk: Desk) -> Any:
    command, given = asked.command, asked.given
    why = why_second(command, desk, given)
    id = desk.node.randomness(8).hex()
    if asked.glass:
        canonical.fit(asked.glass, second.Why)
    if why and not asked.glass:
        desk.tx.audit.add(at=desk.at, who=desk.who, act=f"asked {command.name}", subject=subject_of(given))
        return second.hold(desk.tx, desk.actor, command.name, given, why, desk.at, f"a{id}")
    if why:
        if isinstance(why, second.OnlyBy):
            raise NotAllowed("glass", f"no glass is broken for this: {why}", hint="ask for it without, and it waits")
        break_glass(desk.tx, desk.actor, command.name, subject_of(given), asked.glass, desk.at, f"g{id}")
    desk.tx.audit.add(at=desk.at, who=desk.who, act=command.name, subject=subject_of(given), reason=asked.glass)
    return command.run(replace(desk, glass=asked.glass), given)


def _known(tx: Transaction, asked: Ask, actor: Actor) -> Any:
    found = tx.papers.get(ANSWERS, _key(asked, actor))
    if found is None:
        return None
    known = msgspec.json.decode(found, type=Answered)
    if known.asked != _digest(asked):
        raise Clash("key", "this idempotency key was used for something else", hint="use a new key for a new act")
    return msgspec.json.decode(known.answer, type=second.Waits if known.waits else asked.command.gives)


def _remember(desk: Desk, asked: Ask, answer: Any) -> None:
    if isinstance(answer, ShownOnce):
        answer = answer.without_secret()
    kept = Answered(_digest(asked), isinstance(answer, second.Waits), msgspec.Raw(msgspec.json.encode(answer)))
    expires = desk.at + REMEMBERED
    desk.tx.papers.put(ANSWERS, _key(asked, desk.actor), msgspec.json.encode(kept), expires=expires)


def _key(asked: Ask, actor: Actor) -> str:
    return f"{actor.id}|{asked.key}"


def _digest(asked: Ask) -> str:
    return canonical.digest_of([asked.command.name, canonical.plain(asked.given), asked.glass])

"""Whose cosignatures a checkpoint needs (C2SP tlog-policy), as an agreement says it and as a file for an auditor.

An agreement's ``witnessed`` names witnesses, groups of them (any, all, or so many), and the quorum. Its parties are
witnesses by their codes: the sender of a link by its own signature on the log, the receiver by the cosignature of its
node. Others are named with the keys that they cosign with.

    {"quorum": "all_three", "within": "PT1H", "witnesses": {"bureau": ["bureau.example/w+…+…"]},
     "groups": [{"name": "all_three", "need": "all", "of": ["JO", "SA", "bureau"]}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.errors import Invalid, MithaqError
from mithaq.kernel.values import Code, PartyId, Period
from mithaq.kernel.witness.cosignature import TYPES, VerifierKey, read_vkey

NONE = "none"
MOST = 32
Name = Annotated[str, Meta(pattern=r"^([A-Z]{2}|[a-z][a-z0-9_]{0,47})(?!\n)$", description="a party, witness or group")]
VKey = Annotated[str, Meta(max_length=2400, description="a C2SP verifier key that cosigns")]
VKeys = Annotated[tuple[VKey, ...], Meta(min_length=1, max_length=2)]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """It has witnessed what so many of its members have: members are named before it, and each in one place only."""

    name: Code
    need: Literal["any", "all"] | Annotated[int, Meta(ge=1, le=MOST)]
    of: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MOST)]

    @property
    def count(self) -> int:
        return 1 if self.need == "any" else len(self.of) if self.need == "all" else self.need


class Witnessed(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an agreement asks of the checkpoints of its links.

    ``within``: how long a head may be without its quorum before that is a duty of the sender. ``fail_closed``: nothing
    but statements is sent while a head lacks the witnesses that are no party; else releases go on, and it is told.
    """

    quorum: Name
    within: Period = "PT24H"
    fail_closed: bool = False
    witnesses: Annotated[dict[Code, VKeys], Meta(max_length=MOST)] = {}
    groups: Annotated[tuple[Group, ...], Meta(max_length=MOST)] = ()

    def keys(self, name: str) -> tuple[VerifierKey, ...]:
        """The keys of a witness that is no party."""
        return tuple(map(read_vkey, self.witnesses[name]))

    def on(self, sender: str, receiver: str) -> Witnessed:
        """The same on one link: parties that are no end of it know nothing of it, and are left out of every group."""
        gone = {name for name in self.asked() if name not in (sender, receiver) and name not in self.witnesses}
        groups = []
        for group in self.groups:
            of = tuple(name for name in group.of if name not in gone)
            if of:
                need = min(group.need, len(of)) if isinstance(group.need, int) else group.need
                groups.append(Group(group.name, need, of))
            else:
                gone.add(group.name)
        return replace(self, groups=tuple(groups), quorum=NONE if self.quorum in gone else self.quorum)

    def met(self, witnessed: Iterable[str]) -> bool:
        """Whether these witnesses, by their names here, are a quorum."""
        found = set(witnessed)
        for group in self.groups:
            if sum(member in found for member in group.of) >= group.count:
                found.add(group.name)
        return self.quorum == NONE or self.quorum in found

    def asked(self) -> tuple[str, ...]:
        """The witnesses that can count towards the quorum, in order of name."""
        members = {group.name: group.of for group in self.groups}
        found, todo = set(), [self.quorum]
        while todo:
            name = todo.pop()
            if name in members:
                todo += members[name]
            elif name != NONE:
                found.add(name)
        return tuple(sorted(found))


def check(policy: Witnessed, parties: Sequence[PartyId], where: str) -> None:
    """Refuse names that are not known, or stand twice, and keys that cannot cosign; with the JSON path."""
    defined = {*parties, *policy.witnesses}
    if NONE in policy.witnesses:
        raise Invalid("witnessed", "no witness is called none", where=f"{where}.witnesses")
    seen: set[str] = set()
    for name, texts in policy.witnesses.items():
        for i, text in enumerate(texts):
            place = f"{where}.witnesses.{name}[{i}]"
            try:
                key = read_vkey(text)
            except MithaqError as problem:
                raise Invalid("witnessed", problem.message, where=place) from None
            if key.type not in TYPES or text in seen:
                raise Invalid("witnessed", "a key that does not cosign, or that stands twice", where=place)
            seen.add(text)
    used: set[str] = set()
    for i, group in enumerate(policy.groups):
        place = f"{where}.groups[{i}]"
        if group.name in defined or group.name == NONE:
            raise Invalid("witnessed", f"the name {group.name!r} stands twice", where=f"{place}.name")
        for member in group.of:
            if member not in defined or member in used:
                raise Invalid("witnessed", f"{member!r} is not named before, or is a member twice", where=f"{place}.of")
            used.add(member)
        if group.count > len(group.of):
            raise Invalid("witnessed", f"{group.count} of {len(group.of)} cannot cosign", where=f"{place}.need")
        defined.add(group.name)
    if policy.quorum not in (*defined, NONE):
        raise Invalid("witnessed", f"{policy.quorum!r} is not named", where=f"{where}.quorum")


def write_policy(
    policy: Witnessed, log: Iterable[VerifierKey], sender: str, witnesses: Mapping[str, Sequence[VerifierKey]]
) -> str:
    """The policy of one link as a C2SP tlog-policy file: a witness with two keys is a group of both.

    The sender has no line: the signature of the log is its own. Where the quorum rests on it alone, it is ``none``.
    """
    lines = [f"log {key.text}" for key in log]
    asked = [name for name in policy.asked() if name != sender]
    unknown = [name for name in asked if not witnesses.get(name)]
    if unknown:
        raise Invalid("witnessed", f"no keys of {', '.join(unknown)} are known", hint="once it has cosigned, they are")
    for name in asked:
        keys = witnesses[name]
        names = [name] if len(keys) == 1 else [f"{name}.{TYPES[key.type][0]}" for key in keys]
        lines += [f"witness {each} {key.text}" for each, key in zip(names, keys, strict=True)]
        if len(keys) > 1:
            lines.append(f"group {name} all {' '.join(names)}")
    counted: dict[str, bool] = {sender: True, **dict.fromkeys(asked, False)}  # name to whether it always holds
    for group in policy.groups:
        members = [name for name in group.of if name in counted]
        left = [name for name in members if not counted[name]]
        need = group.count - sum(counted[name] for name in members)
        counted[group.name] = need <= 0
        if need > 0:
            lines.append(f"group {group.name} {'all' if need == len(left) else need} {' '.join(left)}")
    always = policy.quorum == NONE or counted.get(policy.quorum, False)
    return "\n".join([*lines, f"quorum {NONE if always else policy.quorum}"]) + "\n"

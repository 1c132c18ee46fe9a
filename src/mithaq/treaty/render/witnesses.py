"""Who must witness the logs, in words."""

from __future__ import annotations

from collections.abc import Mapping

from mithaq.kernel.witness.policy import NONE, Group, Witnessed
from mithaq.treaty.render.catalogue import Speaker


def witnessed(policy: Witnessed, speaker: Speaker) -> str:
    """The whole of it: who, within which time, and what stops. Keys are named by the eight digits of their ids."""
    if policy.quorum == NONE:
        return speaker.say("page.witnessed.none")
    groups = {group.name: group for group in policy.groups}
    told = [
        speaker.say(
            "page.witnessed", who=_who(policy.quorum, groups, policy, speaker), period=speaker.period(policy.within)
        )
    ]
    told.append(speaker.say(f"page.witnessed.{'closed' if policy.fail_closed else 'open'}"))
    return " ".join(told)


def _who(name: str, groups: Mapping[str, Group], policy: Witnessed, speaker: Speaker, *, inside: bool = False) -> str:
    if name in policy.witnesses:
        ids = speaker.all_of(speaker.code(key.id.hex()) for key in policy.keys(name))
        return speaker.say("page.witnessed.third", name=speaker.code(name), keys=ids)
    group = groups.get(name)
    if group is None:
        return speaker.state(name)
    members = [_who(each, groups, policy, speaker, inside=True) for each in group.of]
    if group.count == len(members):
        told = speaker.all_of(members)
    elif group.count == 1:
        told = speaker.one_of(members)
    else:
        told = speaker.say("page.witnessed.some", count=speaker.count(group.count), of=speaker.all_of(members))
    return speaker.say("page.witnessed.group", of=told) if inside and len(members) > 1 else told

"""Every act with a node itself, by name."""

from __future__ import annotations

from mithaq.kernel.attachment.finish import FINISH
from mithaq.kernel.link.by_hand import BY_HAND
from mithaq.kernel.node_act import NodeAct
from mithaq.kernel.people.first import FIRST_LINK

NODE_ACTS: dict[str, NodeAct] = {act.name: act for act in (*BY_HAND, FINISH, FIRST_LINK)}

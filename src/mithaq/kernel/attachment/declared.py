"""What may be done with attachments, declared. ``attachment.finish`` is an act over the node: see ``finish``."""

from __future__ import annotations

from mithaq.kernel.attachment.fetch import Fetch, Fetched, fetch
from mithaq.kernel.attachment.upload import Begin, Begun, Kept, Part, begin, put
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Command, Question

COMMANDS = (
    Command("attachment.begin", "announce a picture, or ask what is missing", Begin, Begun, begin, roles=OPERATIONAL),
    Command("attachment.part", "give one part of a picture", Part, Kept, put, roles=OPERATIONAL),
)
QUESTIONS = (
    Question(
        "attachment.fetch", "one part of a picture that a record names", Fetch, Fetched, fetch, of_views=False,
        roles=OPERATIONAL,
    ),
)  # fmt: skip

"""After a confirmed hit: what was found is released to the one partner that asked, as far as the law lets it.

By itself where the law asks for no review here; else a reviewer agrees first (``release.review``), or withholds it. How
it goes on is told to whoever asked, so that both sides' clocks are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.capabilities.intelligence import answering, clocks, drafts
from mithaq.capabilities.intelligence.answering import Received, received
from mithaq.capabilities.intelligence.asked import PROGRESS, Progressed
from mithaq.errors import Clash, Invalid, NotFound
from mithaq.kernel import canonical, hits, reviews
from mithaq.kernel.alarm import set_alarm
from mithaq.kernel.attachment.cross import is_on_its_way
from mithaq.kernel.desk import Desk, Stated
from mithaq.kernel.keeping.erase import erased
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.plug import Command
from mithaq.kernel.record import Marking
from mithaq.kernel.shelves import Holding
from mithaq.kernel.values import RecordId, ends

LOOK = "intelligence.look"
AGAIN = timedelta(seconds=30)


class Course(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a confirmed hit of a partner's question goes on here: a judge decides, has decided, or it is declined."""

    query: RecordId
    state: Literal["judge_decides", "resumed", "declined"]
    reason: Annotated[str, Meta(min_length=10, max_length=1000, description="the reason, which stays here")]


def confirmed(desk: Desk, holding: Holding) -> None:
    """A partner's person has said what the hit that we told was: the same, or not."""
    fields = canonical.decode(holding.content, dict)["fields"]
    known = received(desk.tx, str(fields.get("query", "")))
    if known is None or known.settled or known.answer != "hit" or not known.answered:
        return
    if (known.asker, known.exercise) != (holding.origin, holding.exercise) or _is_late(desk, known):
        return
    if fields.get("outcome") != "confirmed":
        _settle(desk, known)
        return
    if fields.get("compared") is not True or "offence" not in fields or "facts" not in fields:
        return  # the clock of whoever asked runs on: nothing is released on less
    clocks.start(desk, clocks.RELEASE, known.query, known.within, desk.at)
    for id in known.found:
        if _stands(desk, id):
            hits.note(desk.tx, id, known.asker, known.query)
            _release(desk, id, known)
    look(desk, known.query)


def look(desk: Desk, query: str) -> None:
    """See how the releases on a hit stand; tell whoever asked once none waits any more, else look again."""
    known = received(desk.tx, query)
    if known is None or known.settled or clocks.owed(desk.tx, clocks.RELEASE, query) is None:
        return
    if any(desk.tx.papers.get(reviews.SORT, f"{id}/{known.asker}") is not None for id in known.found):
        set_alarm(desk.tx, desk.at + AGAIN, LOOK, query)
        return
    gone = [id for id in known.found if _stands(desk, id) and _has(desk, id, known.asker)]
    if gone:
        _tell(desk, known, "released", gone)
    elif not clocks.is_suspended(desk.tx, clocks.RELEASE, query):
        _tell(desk, known, "declined", [])


def course(desk: Desk, given: Course) -> Stated:
    """Tell whoever asked that a judge decides, so that the clock stands still; that it runs again; or that we decline.

    Clash where the clock does not stand so; Invalid where the agreement lets no clock but the ordinary one stand still.
    """
    known = received(desk.tx, given.query)
    if known is None or clocks.owed(desk.tx, clocks.RELEASE, given.query) is None or known.settled:
        raise NotFound("query", f"no release is owed on {given.query}", where="$.query")
    if given.state == "judge_decides":
        if known.urgency != "ordinary":
            raise Invalid("clock", f"the {known.urgency} clock does not stand still", where="$.state")
        if not clocks.suspend(desk, clocks.RELEASE, given.query):
            raise Clash("clock", "the clock does not run", hint="see intelligence.queries")
    elif given.state == "resumed" and not clocks.resume(desk, clocks.RELEASE, given.query):
        raise Clash("clock", "the clock does not stand still", hint="see intelligence.queries")
    if given.state == "declined":
        for id in known.found:
            if desk.tx.papers.get(reviews.SORT, f"{id}/{known.asker}") is not None:
                raise Clash("review", f"the release of {id} waits for a review", hint="withhold it: release.review")
            if _stands(desk, id) and _has(desk, id, known.asker):
                raise Clash("gone", f"{id} was released", hint="take the record back: link.recall")
    desk.tx.audit.add(
        at=desk.at, who=desk.who, act=f"intelligence.course {given.state}", subject=given.query, reason=given.reason
    )  # fmt: skip
    return _tell(desk, known, given.state, [])


def _release(desk: Desk, id: str, known: Received) -> None:
    """Release one alert to whoever asked. What they hold already, by less, is stated anew: no version has two texts."""
    record = desk.own(id)
    if _has(desk, id, known.asker):
        desk.state(drafts.next_version(desk, record, {}), reference=desk.held(id).reference, only={known.asker})
    else:
        desk.release_to(id, known.asker, flash=known.urgency == "counter")


def _stands(desk: Desk, id: str) -> bool:
    """Whether an alert of ours is still here and was not taken back."""
    return recalled(desk.tx, id) is None and erased(desk.tx, id) is None


def _has(desk: Desk, id: str, partner: str) -> bool:
    """Whether the newest version went to this partner."""
    newest = desk.own(id).version
    link = (desk.node.party, partner)
    return any(ends(each.link) == link and is_on_its_way(each) for each in desk.tx.links.carrying(f"{id}/{newest}"))


def _tell(desk: Desk, known: Received, state: Progressed, records: list[str]) -> Stated:
    body: dict[str, Any] = {"query": known.query, "state": state, **({"records": records} if records else {})}
    record = desk.draft(
        PROGRESS, body, purpose=known.purpose, marking=Marking(exercise=known.exercise), release_texts={}
    )
    if state in ("released", "declined"):
        _settle(desk, known)
        clocks.resume(desk, clocks.RELEASE, known.query)
        clocks.stop(desk, clocks.RELEASE, known.query, f"{record.id}/1")
    return desk.state(record, flash=known.urgency == "counter", only={known.asker})


def _settle(desk: Desk, known: Received) -> None:
    answering.keep(desk.tx, replace(known, settled=True), desk.at)


def _is_late(desk: Desk, known: Received) -> bool:
    """Whether this hit was confirmed before: what it released is not released twice."""
    return clocks.owed(desk.tx, clocks.RELEASE, known.query) is not None


def released_for(fields: Mapping[str, Any]) -> list[str]:
    """The alerts that a partner says it released."""
    found = fields.get("records")
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


COMMANDS = (
    Command(
        "intelligence.course", "tell whoever asked how a confirmed hit goes on here", Course, Stated, course,
        roles=("liaison_officer", "legal_officer", "supervisor"),
    ),
)  # fmt: skip

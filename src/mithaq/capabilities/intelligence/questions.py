"""Questions that were put and came: what the view keeps of each, its answer and how it goes on, and its state.

One row for each question, of ours and of partners, at home only: what was found for a partner's question is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from mithaq.capabilities.intelligence import clocks
from mithaq.capabilities.intelligence.asked import QUERYING, querying
from mithaq.capabilities.intelligence.reading import shown
from mithaq.capabilities.intelligence.rows import facet, provenance
from mithaq.capabilities.intelligence.search import MAX_LIMIT, Found, Position, bounded
from mithaq.kernel import canonical
from mithaq.kernel.clock import read_instant, write_instant
from mithaq.kernel.desk import Desk
from mithaq.kernel.law.decision import Decision
from mithaq.kernel.matter.record import recalled
from mithaq.kernel.people.roles import OPERATIONAL
from mithaq.kernel.plug import Question
from mithaq.kernel.ports import Transaction
from mithaq.kernel.reaction import holding_of
from mithaq.kernel.shelves import Entry, Holding, Row
from mithaq.kernel.values import Instant, PartyId, ends
from mithaq.kernel.view import View

QUERIES_VIEW = "intelligence.queries"
SILENT = "intelligence.silence"
OVER = frozenset({"nil", "false_hit", "released", "declined", "refused", "not_understood", "recalled"})
NOT_UNDERSTOOD = frozenset({"not_understood", "not_covered"})
"""How a node answers that knows no questions: one that cannot read the Kind, and one that knows no such act."""


class Queries(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Questions that we put or that came, newest first; with ``open`` only those that are not settled."""

    side: Literal["sent", "received"] | None = None
    open: bool = False
    exercise: bool = False
    before: Position = 0
    limit: int = 50


class Figures(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The figures of our questions since an instant: of all partners, or of one."""

    to: PartyId | None = None
    since: Instant | None = None
    exercise: bool = False


class Counted(Struct, frozen=True):
    """How our questions to one partner came out. ``seconds``: from hit to what a person said, the mean and the most."""

    to: str
    asked: int
    hits: int
    no_hits: int
    refused: int
    confirmed: int
    false_hits: int
    silent: int
    seconds_mean: int
    seconds_most: int


class Silence(Struct, frozen=True, forbid_unknown_fields=True):
    """That a partner was silent at the counter when its time was over, and what our own law says of that."""

    at: Instant
    default: str
    law: str


Limit = Annotated[int, Meta(ge=1)]


def fold(entry: Entry, tx: Transaction) -> Row | None:
    """The row of the question that this entry brought, or whose answer or course it brought."""
    holding = holding_of(entry, tx, querying)
    sort = querying(holding.kind) if holding is not None else ""
    if holding is None or not sort:
        return None
    body = provenance(holding, write_instant(entry.at), tx)
    if sort == "query":
        return _asked(holding, body, tx)
    old = tx.views.get(QUERIES_VIEW, str(body["fields"].get("query", "")))
    if old is None or old.exercise != holding.exercise or not _speaks(old, holding, sort):
        return None
    more = _MORE[sort](old.body, body)
    return None if more is None else replace(old, body={**old.body, **more}, terms=_terms(old.body["side"]))


def within_of(tx: Transaction, query: str, fields: Mapping[str, Any]) -> str:
    """How long the clocks of a question of ours run: what the decision to put it says, else what is usual."""
    content = tx.decisions.get(f"{query}/1", str(fields["addressee"]))
    asked = canonical.decode(content, Decision).obligations if content is not None else ()
    agreed = next((each.value for each in asked if each.what == "reply_within"), None)
    return clocks.length(fields["urgency"], agreed)


def _asked(holding: Holding, body: dict[str, Any], tx: Transaction) -> Row:
    side, fields = "received" if holding.link else "sent", body["fields"]
    if holding.link:
        within = clocks.length(fields.get("urgency", "ordinary"), body["handling"].get("reply_within"))
    else:
        within = within_of(tx, holding.id, fields)
    kept = {"sort": "query", "side": side, "within": within, **body}
    return Row(
        key=holding.id, title=str(fields.get("case", "")), time=body["made"], exercise=holding.exercise, body=kept,
        terms=_terms(side),
    )  # fmt: skip


def _terms(side: str) -> tuple[str, ...]:
    return (facet("side", side),)


def _speaks(row: Row, holding: Holding, sort: str) -> bool:
    """Whether it is theirs to say: whoever was asked answers and goes on, whoever asked confirms."""
    asker, asked = row.body["origin"], row.body["fields"].get("addressee")
    return bool(holding.origin == (asker if sort == "confirmation" else asked))


def _answered(row: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
    if "answer" in row:  # what was answered first stands
        return None
    return {"answer": body["fields"].get("answer"), "answered": body["received"]}


def _confirmed(row: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
    if "outcome" in row or row.get("answer") != "hit":
        return None
    took = read_instant(body["received"]) - read_instant(row["answered"])
    return {"outcome": body["fields"].get("outcome"), "seconds": max(0, int(took.total_seconds()))}


def _progressed(row: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
    if row.get("outcome") != "confirmed" or row.get("progress") in ("released", "declined"):
        return None
    records = body["fields"].get("records")
    return {"progress": body["fields"].get("state"), **({"released": records} if records else {})}


_MORE = {"answer": _answered, "confirmation": _confirmed, "progress": _progressed}


def state_of_query(desk: Desk, row: Row) -> str:
    """How a question stands, in one word."""
    body = row.body
    if recalled(desk.tx, row.key) is not None:
        return "recalled"
    if body.get("outcome") == "false_hit":
        return "false_hit"
    for name in ("progress", "outcome", "answer"):
        if body.get(name):
            return str(body[name])
    if body["side"] == "received":
        return "asked"
    code = refused(desk.tx, desk.node.party, row)
    if code:
        return "not_understood" if code in NOT_UNDERSTOOD else "refused"
    return "silent" if silence(desk.tx, row.key) is not None else "asked"


def refused(tx: Transaction, me: str, row: Row) -> str:
    """Why a partner's node did not take our question; empty if it did, or has not said."""
    link = (me, str(row.body["fields"].get("addressee", "")))
    sent = [each for each in tx.links.carrying(f"{row.key}/1") if ends(each.link) == link]
    return next((each.code for each in sent if each.outcome != "waiting" and each.code), "")


def silence(tx: Transaction, query: str) -> Silence | None:
    """What our own law said when a partner was silent at the counter; None where it was not."""
    content = tx.papers.get(SILENT, query)
    return msgspec.json.decode(content, type=Silence) if content is not None else None


def queries(desk: Desk, asked: Queries) -> Found:
    """The questions that may be read, with the state of each."""
    limit, items, last = bounded(asked.limit), list[Row](), asked.before
    for row in _rows(desk, asked.exercise, asked.side, asked.before):
        told = told_of(desk, row)
        if told is None or (asked.open and told.body["state"] in OVER):
            continue
        if len(items) == limit:
            return Found(tuple(items), last)
        items.append(told)
        last = row.position
    return Found(tuple(items))


def told_of(desk: Desk, row: Row) -> Row | None:
    """The row as the reader may see it, with its state, its clocks, and why it was refused if it was."""
    seen = shown(desk, row)
    if seen is None:
        return None
    more: dict[str, Any] = {"state": state_of_query(desk, row)}
    if code := refused(desk.tx, desk.node.party, row) if row.body["side"] == "sent" else "":
        more["refused"] = code
    for what in (clocks.AWAIT_ANSWER, clocks.AWAIT_RELEASE, clocks.ANSWER, clocks.RELEASE, clocks.CONFIRM):
        if clocks.is_running(desk.tx, what, row.key) and (duty := clocks.owed(desk.tx, what, row.key)):
            more["due"] = write_instant(duty.due)
            more["owed"] = what
    if (found := silence(desk.tx, row.key)) is not None:
        more["on_silence"] = {"default": found.default, "law": found.law}
    return replace(seen, body={**seen.body, **more})


def figures(desk: Desk, asked: Figures) -> tuple[Counted, ...]:
    """How our questions came out, by partner."""
    by: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(desk, asked.exercise, "sent", 0):
        to = str(row.body["fields"].get("addressee"))
        if asked.to not in (None, to) or (asked.since and read_instant(row.body["made"]) < asked.since):
            continue
        by.setdefault(to, []).append({**row.body, "state": state_of_query(desk, row)})
    return tuple(_counted(to, rows) for to, rows in sorted(by.items()))


def _counted(to: str, rows: list[dict[str, Any]]) -> Counted:
    seconds = [row["seconds"] for row in rows if "seconds" in row]
    return Counted(
        to=to,
        asked=len(rows),
        hits=sum(row.get("answer") == "hit" for row in rows),
        no_hits=sum(row.get("answer") == "nil" for row in rows),
        refused=sum(row["state"] in ("refused", "not_understood") for row in rows),
        confirmed=sum(row.get("outcome") == "confirmed" for row in rows),
        false_hits=sum(row.get("outcome") == "false_hit" for row in rows),
        silent=sum(row["state"] == "silent" for row in rows),
        seconds_mean=round(sum(seconds) / len(seconds)) if seconds else 0,
        seconds_most=max(seconds, default=0),
    )


def _rows(desk: Desk, exercise: bool, side: str | None, before: int) -> Iterator[Row]:
    terms = _terms(side) if side else ()
    while page := desk.tx.views.newest(
        QUERIES_VIEW, exercise=exercise, terms=terms, before=before, limit=MAX_LIMIT
    ):  # fmt: skip
        yield from page
        before = page[-1].position


VIEW = View(QUERIES_VIEW, 1, fold)
KINDS = tuple(QUERYING.values())
QUESTIONS = (
    Question(
        "intelligence.queries", "questions of hit or no hit, put and received, with their clocks", Queries, Found,
        queries, roles=OPERATIONAL,
    ),
    Question(
        "intelligence.query-figures", "how our questions came out: hits, false hits, seconds to confirm", Figures,
        tuple[Counted, ...], figures, personal=False, roles=(*OPERATIONAL, "oversight"),
    ),
)  # fmt: skip

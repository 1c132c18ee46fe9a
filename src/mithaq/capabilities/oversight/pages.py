"""Pages of the console: the list of complaints, one with its clocks, a trace in time, the figures, a letter."""

from __future__ import annotations

from mithaq.kernel.plug import Column, Page

PAGES = (
    Page(
        "oversight.complaints", "complaints", "list", "oversight.complaints",
        (
            Column("id", "complaint"), Column("side", "made here or received", "code"),
            Column("origin", "from", "code"),
            Column("asks", "what is asked", "code"), Column("state", "state", "code"), Column("due", "due", "time"),
            Column("late", "late", "code"),
        ),
        opens="oversight.complaint",
    ),
    Page("oversight.complaint", "complaint", "detail", "oversight.complaint", opens="oversight.close",
         template="complaint.html"),
    Page("oversight.complain", "receive a complaint", "form", "oversight.complain", opens="oversight.complaint"),
    Page("oversight.acknowledge", "acknowledge a complaint", "form", "oversight.acknowledge"),
    Page("oversight.forward", "tell the origin of the record", "form", "oversight.forward"),
    Page("oversight.decide", "decide on a partner's complaint", "form", "oversight.decide"),
    Page("oversight.close", "close a complaint", "form", "oversight.close"),
    Page("oversight.letter", "letter", "detail", "oversight.letter", template="letter.html"),
    Page(
        "oversight.account-requests", "requests for accounts", "list", "oversight.account-requests",
        (
            Column("id", "request"), Column("side", "made here or received", "code"),
            Column("partner", "partner", "code"), Column("state", "state", "code"), Column("due", "due", "time"),
            Column("late", "late", "code"),
        ),
        opens="oversight.give-account",
    ),
    Page("oversight.ask-account", "ask a partner for an account", "form", "oversight.ask-account"),
    Page("oversight.give-account", "give a partner an account", "form", "oversight.give-account"),
    Page("oversight.apply", "say that a correction holds here", "form", "oversight.apply"),
    Page("oversight.trace", "who saw this", "detail", "audit.trace", template="trace.html"),
    Page("oversight.statistics", "statistics", "list", "oversight.statistics", template="statistics.html"),
)  # fmt: skip

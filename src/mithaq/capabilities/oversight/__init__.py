"""Oversight: who saw this, on both sides; complaint, correction, redress; statistics. Every node has it."""

from mithaq.capabilities.oversight import accounts, complaints, letter, listing, statistics, trace
from mithaq.capabilities.oversight.cases import VIEWS
from mithaq.capabilities.oversight.clocks import ANSWERS
from mithaq.capabilities.oversight.pages import PAGES
from mithaq.capabilities.oversight.records import KINDS
from mithaq.kernel.plug import Capability

capability = Capability(
    name="oversight",
    summary="who saw what, on both sides; complaints, corrections and redress; statistics",
    kinds=KINDS,
    commands=(*complaints.COMMANDS, *accounts.COMMANDS),
    questions=(*listing.QUESTIONS, *letter.QUESTIONS, *trace.QUESTIONS, *statistics.QUESTIONS),
    answers=ANSWERS,
    views=VIEWS,
    pages=PAGES,
)

"""Animal health at a crossing: what comes is notified to the other side, and inspected within a day."""

from mithaq.kernel.plug import Capability

from animal_health.commands import COMMANDS
from animal_health.pages import PAGES
from animal_health.records import CONSIGNMENT, INSPECTION
from animal_health.rules import ANSWERS, DUTIES
from animal_health.table import FEEDS
from animal_health.views import QUESTIONS, VIEWS

capability = Capability(
    name="animal-health",
    summary="animals at a crossing: notices, inspections, what is owed",
    kinds=(CONSIGNMENT, INSPECTION),
    commands=COMMANDS,
    questions=QUESTIONS,
    answers=ANSWERS,
    views=VIEWS,
    feeds=FEEDS,
    duties=DUTIES,
    pages=PAGES,
)

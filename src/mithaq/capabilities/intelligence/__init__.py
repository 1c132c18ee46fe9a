"""Intelligence: alerts on persons, vehicles, documents, vessels, goods and organisations, and what follows on them."""

from mithaq.capabilities.intelligence.asked import QUERYING
from mithaq.capabilities.intelligence.commands import COMMANDS
from mithaq.capabilities.intelligence.duties import ALARMS, ANSWERS, DUTIES
from mithaq.capabilities.intelligence.exchanged import FOLLOW_UPS
from mithaq.capabilities.intelligence.formats.feeds import FEEDS
from mithaq.capabilities.intelligence.pages import PAGES
from mithaq.capabilities.intelligence.records import KINDS
from mithaq.capabilities.intelligence.views import QUESTIONS, VIEWS
from mithaq.kernel.plug import Capability

capability = Capability(
    name="intelligence",
    summary="alerts, shared as far as agreement and law let them be",
    kinds=(*KINDS, *FOLLOW_UPS.values(), *QUERYING.values()),
    commands=COMMANDS,
    questions=QUESTIONS,
    answers=ANSWERS,
    views=VIEWS,
    feeds=FEEDS,
    duties=DUTIES,
    alarms=ALARMS,
    pages=PAGES,
)

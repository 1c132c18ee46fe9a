"""Intelligence: alerts on vehicles, shared with partners as far as agreement and law let them be."""

from mithaq.capabilities.intelligence.commands import COMMANDS
from mithaq.capabilities.intelligence.records import VEHICLE_ALERT
from mithaq.capabilities.intelligence.views import QUESTIONS, VIEWS
from mithaq.kernel.plug import Capability

capability = Capability(
    name="intelligence",
    summary="alerts, shared as far as agreement and law let them be",
    kinds=(VEHICLE_ALERT,),
    commands=COMMANDS,
    questions=QUESTIONS,
    views=VIEWS,
)

"""Pages, as data: the list, one consignment, where they cross, and the two forms."""

from __future__ import annotations

from mithaq.kernel.plug import Column, Page

_PLACE = Column("fields.place", "crossing", as_="place")
_TIME = Column("fields.time", "expected", as_="time")
_CERTIFICATE = Column("fields.certificate", "certificate")
_RESULT = Column("result", "inspection", as_="code")

PAGES = (
    Page(
        "animal-health.consignments",
        "consignments",
        "list",
        "animal-health.consignments",
        columns=(
            _CERTIFICATE,
            Column("fields.species", "species", as_="code"),
            Column("fields.count", "count"),
            Column("origin", "from"),
            _PLACE,
            _TIME,
            _RESULT,
        ),
        opens="animal-health.consignment",
    ),
    Page(
        "animal-health.map",
        "consignments at crossings",
        "map",
        "animal-health.consignments",
        columns=(_PLACE, _TIME, _CERTIFICATE),
        opens="animal-health.consignment",
    ),
    Page(
        "animal-health.consignment",
        "consignment",
        "detail",
        "animal-health.consignment",
        columns=(
            _CERTIFICATE,
            Column("fields.species", "species", as_="code"),
            Column("fields.count", "count"),
            Column("fields.holding", "holding"),
            Column("fields.plate", "plate"),
            _PLACE,
            _TIME,
            Column("fields.measure", "asked for", as_="code"),
            Column("fields.findings", "findings"),
            _RESULT,
            Column("inspected_by", "inspected by"),
        ),
    ),
    Page("animal-health.notify", "notify a consignment", "form", "animal-health.notify"),
    Page("animal-health.inspect", "inspection", "form", "animal-health.inspect"),
)

"""Metrics for Prometheus: one registry for each node, so that many nodes of one process do not mix.

Labels are partners, links, outcomes and codes: never a name, a plate or a place.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
MEANINGS = {
    "deliveries_received": "deliveries taken from a partner, by outcome",
    "deliveries_turned_away": "deliveries that were not signed, sealed or spelt as they must be, by code",
    "signed_in_grace": "deliveries taken although the key or manifest had expired, in its grace",
    "keys_expire_seconds": "seconds until the newest key or manifest of ours ends",
    "keys_lacking": "times that a signing key whose time had come was not in the key store",
    "messages_received": "messages of deliveries, by verdict; one that comes again counts again",
    "messages_settled": "our messages that got their verdict",
    "bytes_sent": "sealed bytes carried to a partner",
    "receipts_not_believed": "answers of a partner that do not hold",
    "cosigned": "heads of our links that a witness outside has cosigned",
    "witness_problems": "times that a witness outside did not do its part, by code",
    "removed_partner_refused": "deliveries of a partner that was removed, refused",
    "delivery": "round trip of a delivery with messages",
    "spool_bad": "files that were put aside because they cannot be taken",
    "spool_files": "bundles that were put into the spool for a partner",
    "spool_held_bytes": "bytes of bundles in the spool that the diode has not carried away",
    "spool_last": "the last number that was put into the spool",
    "spool_lying": "files that lie in the spool: still coming, too early, or to be tried later",
    "spool_taken": "files of the spool that were taken",
    "link_waiting": "messages that wait for a partner",
    "link_oldest_seconds": "how long the oldest waiting message has waited",
    "link_size": "numbers in the log of a link",
    "link_up": "1 if the line to the partner is up, 0 if it is retrying or paused",
    "gate_brought": "deliveries of a partner that the core answered, through this gate",
    "gate_carried": "deliveries of the core that a partner answered, through this gate",
    "gate_core_up": "1 while the core calls this gate",
    "gate_dropped": "deliveries of a partner that were not taken, by reason",
    "gate_held_bytes": "sealed bytes of partners that wait in memory for the core",
    "gate_late": "answers of the core that nobody waited for any more",
    "gate_not_carried": "deliveries of the core that a partner did not answer, by reason",
    "gate_up": "1 if our gate was reached when it was last called",
    "gate_waiting": "deliveries of partners that wait for the core",
    "link_unsure": "1 while, after a restore, the partner has not told how far we had come",
}


class PrometheusMetrics:
    """Counts, times and gauges, made when they are first used."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._times: dict[str, Histogram] = {}
        self._gauges: dict[str, Gauge] = {}

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        if name not in self._counters:
            self._counters[name] = Counter(f"mithaq_{name}", MEANINGS[name], sorted(labels), registry=self._registry)
        (self._counters[name].labels(**labels) if labels else self._counters[name]).inc(value)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        if name not in self._times:
            self._times[name] = Histogram(
                f"mithaq_{name}_seconds", MEANINGS[name], sorted(labels), registry=self._registry, buckets=BUCKETS
            )
        (self._times[name].labels(**labels) if labels else self._times[name]).observe(seconds)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set what is looked at when somebody asks."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(f"mithaq_{name}", MEANINGS[name], sorted(labels), registry=self._registry)
        (self._gauges[name].labels(**labels) if labels else self._gauges[name]).set(value)

    def text(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self._registry)

"""A request of every API that access rules decide about, and the resources that it touches."""

from collections.abc import Iterator

from .cluster_probes import cluster_probes, config_probes
from .group_probes import group_probes, modern_group_probes, offset_probes
from .probe import Names, Probe
from .producer_probes import producer_probes, share_probes
from .topic_probes import topic_changes, topic_probes


def probes(n: Names) -> Iterator[Probe]:
    """All of them, in the order in which they are asked."""
    yield from cluster_probes(n)
    yield from config_probes(n)
    yield from topic_probes(n)
    yield from topic_changes(n)
    yield from group_probes(n)
    yield from modern_group_probes(n)
    yield from offset_probes(n)
    yield from share_probes(n)
    yield from producer_probes(n)

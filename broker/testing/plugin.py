"""The pytest plugin: a real broker for each test, by the name of a fixture.

    def test_it(kafka):
        Producer({"bootstrap.servers": kafka.bootstrap}).produce("orders", b"one")
        ...

The one rule: loading it costs nothing. Whatever it needs is imported when a test asks for a fixture.
"""

from collections.abc import Generator, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from .cluster_host import ClusterHost
    from .kafka_cluster import KafkaCluster

MARKED = (
    *("partitions", "settings", "seed", "strict_faults", "journal", "as_version", "frozen_at_ms", "brokers", "racks"),
)
SHORT_FOR = {"partitions": "num.partitions", "as_version": "odradek.as.version"}
WANTED: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("partitions", "seed", "frozen_at_ms", "brokers"), (int,)),
    **dict.fromkeys(("strict_faults", "journal"), (bool,)),
    **{"settings": (Mapping,), "as_version": (str, float), "racks": (list, tuple)},
}
SECTION = "odradek: what the broker saw"
MOST_LINES = 50
_CLUSTER = pytest.StashKey[Any]()
_SEEN = pytest.StashKey[str]()  # of a test whose strict faults failed it when its cluster was about to go


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "kafka(partitions=N, settings={...}, seed=N, strict_faults=True, journal=False, as_version='3.9',"
        " frozen_at_ms=MS, brokers=N, racks=[...]): what the"
        " cluster of the `kafka` fixture is like: partitions of topics that are created automatically, Kafka's"
        " settings by name, ids that are the same in every run, whether a fault that hit nothing fails the test,"
        " whether there is a journal of what it saw, the release of Apache Kafka that it shows itself as, the"
        " time at which its clock stands still, how many brokers it has, and in which racks they stand.",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """The report of a test that failed says what the broker saw of it."""
    report = yield
    cluster = item.stash.get(_CLUSTER, None)
    if cluster is not None and report.failed:
        seen = item.stash.get(_SEEN, None) if call.when == "teardown" else _seen(cluster)
        if seen is not None:
            report.sections.append((SECTION, seen))
    return report


def _seen(cluster: Any) -> str:
    """The end of the journal, or why there is none: nothing that goes wrong here may hide why the test failed."""
    from .cluster_journal import last_text

    try:
        return str(cluster.look(partial(last_text, most=MOST_LINES))) or "nothing"
    except Exception as error:
        return f"{error}"


@pytest.fixture(scope="session")
def kafka_broker() -> "Iterator[ClusterHost]":
    """Where clusters are made: `with kafka_broker.cluster(settings) as cluster:`, as many as are wanted."""
    from .cluster_host import ClusterHost

    with ClusterHost() as host:
        yield host


@pytest.fixture
def kafka(request: pytest.FixtureRequest, kafka_broker: "ClusterHost") -> "Iterator[KafkaCluster]":
    """A cluster of the test's own, which knows no other test."""
    how = _marked(request)
    settings = dict(how.get("settings") or {})
    for name, setting in SHORT_FOR.items():
        if how.get(name) is not None:
            if setting in settings:
                raise pytest.UsageError(f"@pytest.mark.kafka has {name} and {setting} of settings: leave one out")
            settings[setting] = str(how[name])
    seed, frozen_at_ms, journal = how.get("seed"), how.get("frozen_at_ms"), how.get("journal", True)
    brokers, racks = how.get("brokers") or 1, how.get("racks") or ()
    with kafka_broker.cluster(
        settings, brokers=brokers, racks=racks, seed=seed, frozen_at_ms=frozen_at_ms, journal=journal
    ) as cluster:
        request.node.stash[_CLUSTER] = cluster
        yield cluster
        unused = cluster.faults.never_hit(with_gone=True) if how.get("strict_faults") else []
        if unused:
            request.node.stash[_SEEN] = _seen(cluster)
    if unused:
        pytest.fail("faults that hit nothing: " + "; ".join(map(str, unused)), pytrace=False)


def _marked(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """What the markers of a test say, the nearest one first."""
    how: dict[str, Any] = {}
    for mark in request.node.iter_markers("kafka"):
        unknown = sorted(set(mark.kwargs) - set(MARKED))
        if mark.args or unknown:
            raise pytest.UsageError(
                f"@pytest.mark.kafka takes {', '.join(MARKED)} by name, not {mark.args or ', '.join(unknown)!r}"
            )
        for name, value in mark.kwargs.items():
            _check_marked(name, value)
        how = {**mark.kwargs, **how}
    return how


def _check_marked(name: str, value: object) -> None:
    if value is None:
        return
    wanted = WANTED[name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        kinds = " or ".join(kind.__name__ for kind in wanted)
        raise pytest.UsageError(f"{name} of @pytest.mark.kafka is of type {kinds}, not {value!r}")
    if name == "brokers" and not 1 <= cast("int", value) <= 100:
        raise pytest.UsageError(f"brokers of @pytest.mark.kafka is 1 to 100, not {value}")

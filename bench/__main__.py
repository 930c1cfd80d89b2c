"""`make bench`: the measures of one broker after the other in one run, side by side, printed and never asserted.

Apache Kafka is measured where java and mvn are present (or `--only odradek` leaves it out). Client and broker share
the machine: the ratios of one run say more than any figure.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.brokers import BrokerProcess, OdradekBroker, cpu_seconds, resident_bytes
from tests.oracle.apache_kafka import ApacheKafka, jars

from .acls import measure_acls
from .administration import administration
from .clusters import measure_clusters
from .groups import measure_groups
from .journal import measure_journal
from .logins import login_brokers, measure_logins
from .several_brokers import measure_fail_overs, measure_several_brokers
from .share_groups import share
from .starts import measure_starts
from .state import measure_state
from .throttled import SETTINGS as QUOTA_SETTINGS
from .throttled import measure_throttled
from .tls import kafka_with_tls, measure_tls, odradek_with_tls
from .workloads import acked_record, compaction, consume, end_to_end, new_topic, produce, transactions

Measures = dict[str, str]
SETTINGS = {**QUOTA_SETTINGS, "log.cleaner.backoff.ms": "100"}  # compaction is measured from when it is due
# Kafka's own start script gives the broker this.
KAFKA_JVM = ("-Xmx1G", "-Xms1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=["odradek", "kafka"], help="measure one broker")
    parser.add_argument("--records", type=int, default=1_000_000, help="records of 100 B (a quarter of it at 1 KB)")
    parser.add_argument("--acked", type=int, default=2000, help="single acknowledged records")
    parser.add_argument("--starts", action="store_true", help="measure starts of large directories instead")
    parser.add_argument("--partitions", type=int, default=10_000, help="for --starts")
    parser.add_argument("--gigabytes", type=float, default=5.0, help="for --starts")
    parser.add_argument("--quotas", action="store_true", help="measure stock clients under quotas instead")
    parser.add_argument("--seconds", type=float, default=20.0, help="for --quotas and --groups")
    parser.add_argument("--groups", action="store_true", help="measure groups of consumers instead")
    parser.add_argument("--lonely", type=int, default=1000, help="for --groups: how many of one member")
    parser.add_argument("--logins", action="store_true", help="measure logins by SASL mechanism instead")
    parser.add_argument("--journal", action="store_true", help="measure what a journal costs instead")
    parser.add_argument("--state", action="store_true", help="measure snapshots of clusters in memory instead")
    parser.add_argument("--clusters", action="store_true", help="measure what a cluster costs a test instead")
    parser.add_argument("--tls", action="store_true", help="measure what TLS costs instead")
    parser.add_argument("--acls", action="store_true", help="measure what access rules cost instead")
    parser.add_argument("--brokers", action="store_true", help="measure several brokers in one process instead")
    arguments = parser.parse_args()
    if arguments.brokers:
        show(measure_several_brokers(arguments.records // 10))
        show({"3 brokers": measure_fail_overs()})
        return
    if arguments.journal or arguments.state or arguments.clusters or arguments.acls:
        measure_in_process(arguments)
        return
    if arguments.logins:
        with tempfile.TemporaryDirectory(prefix="bench-logins-") as directory:
            brokers = login_brokers(_only_what_is_here(arguments.only), Path(directory))
            show({name: measure_logins(broker, arguments.acked) for name, broker in brokers.items()})
        return
    results: dict[str, Measures] = {}
    for name, start in _brokers(arguments.only, has_tls=arguments.tls).items():
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as directory:
            broker = start(Path(directory))
            try:
                if arguments.tls:
                    results[name] = measure_tls(broker, Path(directory), arguments.records, arguments.acked)
                elif arguments.quotas:
                    results[name] = measure_throttled(broker, arguments.seconds)
                elif arguments.groups:
                    results[name] = measure_groups(broker, arguments.lonely, arguments.seconds)
                elif arguments.starts:
                    results[name] = measure_starts(broker, arguments.partitions, arguments.gigabytes)
                else:
                    results[name] = measure(broker, arguments.records, arguments.acked)
            finally:
                broker.kill()
    show(results)
    is_whole = not (arguments.quotas or arguments.groups or arguments.starts or arguments.tls)
    if arguments.only != "kafka" and is_whole:
        arguments.journal = arguments.state = arguments.clusters = arguments.acls = True
        measure_in_process(arguments)


def measure_in_process(arguments: argparse.Namespace) -> None:
    """What a broker costs the test that it is in: nobody else has such rows."""
    if arguments.clusters:
        show({"odradek": measure_clusters()})
    if arguments.state:
        show({"odradek": measure_state()})
    if arguments.journal:
        show(measure_journal(arguments.acked))
    if arguments.acls:
        show(measure_acls(arguments.acked))


def _brokers(only: str | None, *, has_tls: bool = False) -> Mapping[str, Callable[[Path], BrokerProcess]]:
    brokers: dict[str, Callable[[Path], BrokerProcess]] = {}
    only = _only_what_is_here(only)
    if only != "kafka":
        brokers["odradek"] = lambda directory: (
            odradek_with_tls(directory, SETTINGS) if has_tls else OdradekBroker(directory, SETTINGS)
        )
    if only != "odradek":
        brokers["kafka"] = lambda directory: (
            kafka_with_tls(directory, SETTINGS, KAFKA_JVM)
            if has_tls
            else ApacheKafka(directory, SETTINGS, jvm=KAFKA_JVM)
        )
    return brokers


def _only_what_is_here(only: str | None) -> str | None:
    """Odradek alone, where there is no Apache Kafka to be had."""
    if only == "odradek":
        return only
    if shutil.which("java") and shutil.which("mvn"):
        jars()
        return only
    print("no java or mvn here: Apache Kafka is not measured")
    return "odradek"


def measure(broker: BrokerProcess, records: int, acked: int) -> Measures:
    """Every row for one broker."""
    found: Measures = {}
    started = time.perf_counter()
    broker.start()
    found["start to ready"] = f"{(time.perf_counter() - started) * 1000:,.0f} ms"
    try:
        found["memory, idle"] = _memory(broker)
        address = broker.address
        for label, size, count in (("100 B", 100, records), ("1 KB", 1000, records // 4)):
            topic = new_topic(address)
            produce(address, topic, 20_000, size)  # warm: connections, compiled codecs, a JVM's first run
            busy_s = cpu_seconds(broker.pid())
            wrote = produce(address, topic, count, size)
            busy_s = cpu_seconds(broker.pid()) - busy_s
            found[f"produce {label}"] = f"{wrote}   {busy_s / count * 1e6:.2f} s CPU per million"
            busy_s = cpu_seconds(broker.pid())
            read = consume(address, topic, count, size)
            busy_s = cpu_seconds(broker.pid()) - busy_s
            found[f"consume {label}"] = f"{read}   {busy_s / count * 1e6:.2f} s CPU per million"
        busy_s = cpu_seconds(broker.pid())
        wrote = produce(address, new_topic(address), records, 100, is_varied=True)
        busy_s = cpu_seconds(broker.pid()) - busy_s
        found["produce 60 to 140 B"] = f"{wrote}   {busy_s / records * 1e6:.2f} s CPU per million"
        found["one acked record"] = str(acked_record(address, new_topic(address), acked))
        found["produce to consume"] = str(end_to_end(address, new_topic(address), acked))
        rate, commit = transactions(address, new_topic(address, partitions=2), acked // 4)
        found["transactions"] = f"{rate:>10,.0f} a second   commit {commit}"
        for members in (1, 4):
            found[f"share group, {members} reading"] = str(share(address, members, records // 4))
        rate, meanwhile = compaction(address, broker.data_dir, records)
        found["compaction"] = f"{rate}   one acked record meanwhile {meanwhile}"
        found["memory, after load"] = _memory(broker)
        found.update(administration(address))
    finally:
        broker.stop()
    return found


def show(results: Mapping[str, Measures]) -> None:
    """A row a measure, a line a broker."""
    rows: dict[str, Any] = next(iter(results.values()))
    for row in rows:
        print(row)
        for name, measures in results.items():
            print(f"    {name:<8} {measures[row]}")


def _memory(broker: BrokerProcess) -> str:
    return f"{resident_bytes(broker.pid()) / 1e6:,.0f} MB"


if __name__ == "__main__":
    main()

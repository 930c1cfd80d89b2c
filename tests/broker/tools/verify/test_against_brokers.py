"""The verifier and real brokers: Odradek (or Apache Kafka) holds, also under kill -9; a broken Odradek is caught."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from odradek.broker.tools.verify.plan import Plan, SharePlan
from odradek.broker.tools.verify.report import lines_of
from odradek.broker.tools.verify.run import Deadlines, Report, Verification
from odradek.broker.tools.verify.share_run import ShareVerification
from odradek.broker.tools.verify.with_confluent_kafka import ConfluentKafka

from ....brokers import TEST_SETTINGS, BrokerProcess, free_port
from .running import GRACE_S, Outcome, run_verify

KILL_EVERY_S = 20.0
# Transactions that nobody ends are looked for twice a second, so that runs need not wait for them.
SETTINGS = {**TEST_SETTINGS, "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500"}
# Share groups whose locks and sessions may be short, so that the dead are missed soon.
SHARE_SETTINGS = {
    **SETTINGS,
    "group.share.min.heartbeat.interval.ms": "500",
    "group.share.min.record.lock.duration.ms": "1000",
    "group.share.min.session.timeout.ms": "5000",
    "share.coordinator.state.topic.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}
# A broken broker is not waited for.
IMPATIENT = Deadlines(stop_s=20, settle_s=15, copy_s=4, read_s=15, progress_s=2, check_every_s=2)

CAUGHT_AS = {
    "forget_what_was_aborted": {"aborted reads (G1a)"},
    "read_beyond_the_last_stable_offset": {"aborted reads (G1a)", "precommitted reads"},
    "tear_commits": {"torn transactions"},
    "lose_writes": {"lost writes, acknowledged", "inconsistent offsets"},
    "forget_transactional_offsets": {"lost transactional offsets"},
}
SHARES_CAUGHT_AS = {
    "lock_records_too_shortly": {"records held twice"},
    "release_what_is_accepted": {"deliveries after the last"},
}


@pytest.mark.timeout(240)
def test_every_client_finds_a_broker_that_holds(bootstrap: str) -> None:
    outcome = run_verify(bootstrap, "--minutes", "0.1", "--seed", "1")
    assert outcome.code == 0, outcome.output + outcome.progress
    assert "--seed 1" in outcome.output
    for name in ("confluent-kafka", "kafka-python", "aiokafka"):
        assert name in outcome.output


@pytest.mark.timeout(360)
@pytest.mark.parametrize("protocol", ["consumer", "mixed"])
def test_groups_that_the_broker_assigns_hold(bootstrap: str, protocol: str) -> None:
    only_one = ("--client", "confluent-kafka")
    outcome = run_verify(bootstrap, "--minutes", "0.3", "--seed", "3", *only_one, "--group-protocol", protocol)
    assert outcome.code == 0, outcome.output + outcome.progress
    assert f"groups: {protocol}" in outcome.output


@pytest.mark.timeout(240)
def test_share_groups_hold(fresh_broker: Callable[[Mapping[str, str]], BrokerProcess]) -> None:
    broker = fresh_broker(SHARE_SETTINGS)
    outcome = run_verify(broker.address, "--minutes", "0.1", "--seed", "4", "--share-groups")
    assert outcome.code == 0, outcome.output + outcome.progress + broker.log()
    assert "groups: share" in outcome.output


def verify_while_killed(broker: BrokerProcess, *options: str, minutes: float) -> Outcome:
    """Kills the broker every 20 s and starts it again, until the verifier is done with it."""
    outcomes: list[Outcome] = []

    def verify() -> None:
        timeout_s = minutes * 60 + GRACE_S
        outcomes.append(run_verify(broker.address, "--minutes", str(minutes), *options, timeout_s=timeout_s))

    verifier = threading.Thread(target=verify)
    verifier.start()
    verifier.join(KILL_EVERY_S)
    while verifier.is_alive():
        broker.kill()
        broker.start()
        verifier.join(KILL_EVERY_S)
    (outcome,) = outcomes
    return outcome


@pytest.fixture
def survives_kill(is_oracle: bool) -> None:
    if is_oracle:
        # Seen in the logs of 4.3.0: a transaction that was PrepareAbort when the broker was killed is CompleteAbort
        # after its start, without a marker in its partitions; the next commit of that producer shows its records.
        pytest.skip("Apache Kafka 4.3 may forget abort markers when it is killed: the verifier finds it now and then")


@pytest.mark.timeout(360)
@pytest.mark.usefixtures("survives_kill")
def test_a_broker_that_is_killed_every_20_s_holds(fresh_broker: Callable[[Mapping[str, str]], BrokerProcess]) -> None:
    broker = fresh_broker(SETTINGS)
    outcome = verify_while_killed(broker, "--seed", "2", minutes=1)
    assert outcome.code == 0, outcome.output + outcome.progress + broker.log()


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("survives_kill")
@pytest.mark.parametrize("protocol", ["classic", "mixed"])
def test_a_broker_that_is_killed_every_20_s_holds_for_ten_minutes(
    fresh_broker: Callable[[Mapping[str, str]], BrokerProcess], protocol: str
) -> None:
    outcome = verify_while_killed(fresh_broker(SETTINGS), "--group-protocol", protocol, minutes=10)
    print(outcome.output)
    assert outcome.code == 0, outcome.output + outcome.progress


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_share_groups_of_a_broker_that_is_killed_every_20_s_hold_for_ten_minutes(
    fresh_broker: Callable[[Mapping[str, str]], BrokerProcess],
) -> None:
    outcome = verify_while_killed(fresh_broker(SHARE_SETTINGS), "--share-groups", minutes=10)
    print(outcome.output)
    assert outcome.code == 0, outcome.output + outcome.progress


@pytest.fixture(scope="module")
def broken_odradek() -> Iterator[Callable[[str], str]]:
    """Starts an Odradek with a fault and tells its address."""
    started: list[subprocess.Popen[str]] = []

    def start(fault: str) -> str:
        program = str(Path(__file__).with_name("broken_odradek.py"))
        line = [sys.executable, program, fault, "serve", "--ephemeral", "--listen", f"127.0.0.1:{free_port()}"]
        for name, value in SHARE_SETTINGS.items():
            line += ["--set", f"{name}={value}"]
        broker = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(broker)
        assert broker.stdout is not None
        return broker.stdout.readline().removeprefix("odradek ready ").strip()

    yield start
    for broker in started:
        broker.kill()
        broker.communicate()


def verified(address: str, *, of_shares: bool = False) -> Report:
    library = ConfluentKafka(address)
    if of_shares:
        shares = SharePlan("verify-broken", 3, [library.name])
        return ShareVerification(
            shares, [library], library, time.monotonic, print, IMPATIENT, sharing=library, share_plan=shares
        ).verify(10.0)
    plan = Plan("verify-broken", 3, [library.name])
    return Verification(plan, [library], library, time.monotonic, print, IMPATIENT).verify(5.0)


@pytest.fixture(scope="module")
def reports(broken_odradek: Callable[[str], str]) -> Mapping[str, Report]:
    """A run against each broken Odradek; they wait most of the time, so some run at once."""
    with ThreadPoolExecutor(3) as runs:
        under_way = {fault: runs.submit(verified, broken_odradek(fault)) for fault in CAUGHT_AS}
        under_way |= {fault: runs.submit(verified, broken_odradek(fault), of_shares=True) for fault in SHARES_CAUGHT_AS}
        return {fault: report.result() for fault, report in under_way.items()}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", [*CAUGHT_AS, *SHARES_CAUGHT_AS])
def test_an_odradek_that_is_broken_on_purpose_is_caught(reports: Mapping[str, Report], fault: str) -> None:
    report = reports[fault]
    violated = {verdict.name for verdict in report.verdicts if verdict.violations}
    printed = "\n".join(lines_of(report))
    assert violated & {**CAUGHT_AS, **SHARES_CAUGHT_AS}[fault], printed
    assert any("VIOLATION" not in line and " s  " in line for line in printed.splitlines()), "no history was shown"


def test_a_violation_is_told_by_the_exit_code(broken_odradek: Callable[[str], str]) -> None:
    address = broken_odradek("read_beyond_the_last_stable_offset")
    outcome = run_verify(address, "--minutes", "0.05", "--client", "confluent-kafka")
    assert outcome.code == 1, outcome.output + outcome.progress
    assert "VIOLATION" in outcome.output

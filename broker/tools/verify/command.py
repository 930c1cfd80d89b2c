"""`odradek verify`: checks what any Kafka-compatible broker promises of transactions, idempotence and offsets."""

import random
import sys
from typing import NoReturn, TextIO

import click

from ...runtime import SystemClock
from ...wire import Wire
from ..login import offered_mechanisms
from ..newest_versions import NewestVersions, NotServed
from .library import CLASSIC, CONSUMER, GROUP_PROTOCOLS, MODULES, ClientError, Library, installed, open_library
from .plan import Plan, SharePlan

MIXED = "mixed"
VIOLATED, COULD_NOT_RUN = 1, 2
CONNECT_S = 5.0


@click.command()
@click.option("--bootstrap", metavar="HOST:PORT", required=True, help="The broker to verify.")
@click.option(
    "--minutes", type=click.FloatRange(min=0.05), default=1.0, show_default=True, help="How long to drive it."
)
@click.option("--seed", type=int, help="Fixes every random choice.  [a new one, which is printed]")
@click.option(
    "--client",
    "clients",
    multiple=True,
    type=click.Choice(list(MODULES)),
    help="Client libraries to drive it with; may be repeated.  [every one that is installed]",
)
@click.option(
    "--group-protocol",
    type=click.Choice([CLASSIC, CONSUMER, MIXED]),
    default=CLASSIC,
    show_default=True,
    help="What the members of groups speak whose library can: KIP-848 is `consumer`; `mixed` is both in one group.",
)
@click.option(
    "--replication-factor",
    "replicas",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many replicas the partitions of its topics have: with several, brokers of a cluster may be killed.",
)
@click.option(
    "--share-groups",
    is_flag=True,
    help="Verifies share groups (KIP-932) instead: members in processes of their own accept, release, reject and die.",
)
@click.option("--history", "history_file", type=click.File("w"), help="Writes every operation to a file.")
def verify(
    bootstrap: str,
    minutes: float,
    seed: int | None,
    clients: tuple[str, ...],
    group_protocol: str,
    replicas: int,
    share_groups: bool,
    history_file: TextIO | None,
) -> None:
    """Drive a broker with producers and consumers, and check what they saw.

    Looks for lost writes, duplicates, aborted reads, torn transactions, inconsistent offsets, polls and sends out of
    order, and copies that are not made exactly once. The broker may be killed and started again meanwhile. Topics and
    groups of its own, named verify-..., stay behind.

    With --share-groups: records that are never accepted, rejected or delivered to the limit, that come again after
    that, or that two members hold at once; delivery counts; releases without effect. Who holds what is not judged while
    a broker is away, and is judged wrongly where leaders move. Of the clients only newer releases of confluent-kafka
    have such members; all write records.

    Exits with 0 if all holds, with 1 and the offending operations if not, with 2 if it could not run.
    """
    chosen = list(dict.fromkeys(clients)) or installed()
    if "confluent-kafka" not in installed():
        _give_up("confluent-kafka is needed: pip install 'odradek[verify]'")
    missing = [name for name in chosen if name not in installed()]
    if missing:
        _give_up(f"not installed: {', '.join(missing)}")
    if share_groups and group_protocol != CLASSIC:
        _give_up("--share-groups has no groups of a --group-protocol")
    chosen_seed = random.SystemRandom().randrange(1 << 31) if seed is None else seed
    clock = SystemClock()
    protocols = GROUP_PROTOCOLS if group_protocol == MIXED else (group_protocol,)
    kind_of_plan = SharePlan if share_groups else Plan
    plan = kind_of_plan(f"verify-{clock.now_ms():x}", chosen_seed, chosen, protocols, replicas)
    click.echo(
        f"verifying {bootstrap} for {minutes:g} min, --seed {chosen_seed}, {', '.join(chosen)}; topics {plan.run}-*"
        f"; groups: {'share' if share_groups else group_protocol}"
    )
    sys.exit(_run(bootstrap, minutes, plan, clock, history_file))


def _run(bootstrap: str, minutes: float, plan: Plan, clock: SystemClock, history_file: TextIO | None) -> int:
    # The client libraries are loaded here, and nowhere that `odradek serve` passes.
    from .report import lines_of
    from .run import CannotRun, Verification
    from .share_run import ShareVerification
    from .with_confluent_kafka import ConfluentKafka

    _check_somebody_listens(bootstrap)
    main = ConfluentKafka(bootstrap)
    libraries: list[Library] = []
    try:
        for name in plan.libraries:
            libraries.append(main if name == main.name else open_library(name, bootstrap))
        if not any({*plan.group_protocols} <= {*library.group_protocols} for library in libraries):
            _give_up(f"none of these clients speaks the {CONSUMER} protocol: {', '.join(plan.libraries)}")

        def tell(line: str) -> None:
            click.echo(line, err=True)

        if isinstance(plan, SharePlan):
            if not main.has_share_groups:
                _give_up("this release of confluent-kafka has no share groups")
            verification: Verification = ShareVerification(
                plan, libraries, main, clock.now, tell, sharing=main, share_plan=plan
            )
        else:
            verification = Verification(plan, libraries, main, clock.now, tell)
        report = verification.verify(minutes * 60)
    except (CannotRun, ClientError) as error:
        _give_up(str(error))
    except KeyboardInterrupt:
        _give_up("interrupted; nothing was checked")
    finally:
        for library in libraries:
            library.close()
    if history_file is not None:
        for operation in report.history.operations():
            history_file.write(f"{operation}\n")
    for line in lines_of(report):
        click.echo(line)
    return 0 if report.is_clean else VIOLATED


def _check_somebody_listens(bootstrap: str) -> None:
    """The client libraries would try for long, and not say why."""
    reasons: list[str] = []
    for address in bootstrap.split(","):
        try:
            wire = Wire(address.strip(), client_id="odradek-verify", timeout_s=CONNECT_S)
        except (OSError, ValueError) as error:
            reasons.append(f"{address}: {error}")
            continue
        try:
            with wire:
                NewestVersions(wire).learn()
                offered = offered_mechanisms(wire)
        except (OSError, ValueError, NotServed) as error:
            reasons.append(f"{address.strip()} does not answer in plain text, and TLS is not spoken here: {error}")
            continue
        if offered is not None:
            _give_up(f"{address.strip()} wants a login (SASL), and nobody is logged in here: name a listener without")
        return
    _give_up(f"no broker there: {'; '.join(reasons)}")


def _give_up(reason: str) -> NoReturn:
    click.echo(f"odradek verify: {reason}", err=True)
    sys.exit(COULD_NOT_RUN)

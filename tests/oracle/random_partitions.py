"""Random partitions, what is wanted of them, and what becomes of them here, as JSON has it."""

from random import Random
from typing import Any

from odradek.broker.controller.partition_change import NO_LEADER, Election, ElectionRules, PartitionChange
from odradek.protocol.metadata_records import PartitionRecord

BROKERS = range(1, 7)


def directory_of(broker_id: int) -> bytes:
    """The directory of a broker: an id that ends with the broker's own."""
    return (1000).to_bytes(8) + broker_id.to_bytes(8)


def random_change(random: Random) -> dict[str, Any]:
    """A partition in any state, even one that it can hardly come into, and something that happens to it."""
    replicas = random.sample(BROKERS, random.randint(1, 5))
    isr = _some(random, replicas)
    rest = [one for one in replicas if one not in isr]
    is_moving = random.random() < 0.4
    partition: dict[str, Any] = {
        "replicas": replicas,
        "isr": isr,
        "eligible": sorted(_some(random, rest)) if random.random() < 0.6 else [],
        "last_known": random.choice([[], [], [random.choice(replicas)], [random.choice(BROKERS)], [1, 2]]),
        "removing": sorted(_some(random, replicas)) if is_moving else [],
        "adding": sorted(_some(random, replicas)) if is_moving else [],
        "leader": random.choice(isr) if isr and random.random() < 0.8 else random.choice([NO_LEADER, replicas[0]]),
        "recovery_state": random.choice([0, 0, 1]),
    }
    unclean_shutdown = [random.choice(BROKERS)] if random.random() < 0.1 else []
    return {
        "partition": partition,
        "wanted": _wanted(random, partition, unclean_shutdown),
        "unclean_shutdown": unclean_shutdown,
        "min_isr": random.randint(1, 4),
        "has_eligible_leaders": random.random() < 0.7,
        "election": random.choice(list(Election)).name,
        "alive": _some(random, list(BROKERS)),
    }


def _some(random: Random, brokers: list[int]) -> list[int]:
    return random.sample(brokers, random.randint(0, len(brokers)))


def _wanted(random: Random, partition: dict[str, Any], unclean_shutdown: list[int]) -> dict[str, Any]:
    """Brokers go, a leader reports an ISR, a reassignment begins or is given up, or nothing but an election."""
    wanted: dict[str, Any] = dict.fromkeys(("isr", "replicas", "removing", "adding", "recovery_state"))
    replicas, isr, adding = partition["replicas"], partition["isr"], partition["adding"]
    match random.randrange(5):
        case 0:
            wanted["isr"] = [one for one in isr if random.random() < 0.6 and one not in unclean_shutdown]
        case 1:
            wanted["isr"] = random.sample(replicas, random.randint(1, len(replicas)))
            wanted["recovery_state"] = random.choice([0, partition["recovery_state"]])
        case 2:
            target = random.sample(BROKERS, random.randint(1, 4))
            wanted["removing"] = sorted(set(replicas).difference(target)) or None
            wanted["adding"] = sorted(set(target).difference(replicas)) or None
            wanted["replicas"] = [*target, *(wanted["removing"] or ())]
        case 3:
            wanted["replicas"] = [one for one in replicas if one not in adding] or replicas
            wanted["isr"] = [one for one in isr if one in wanted["replicas"]] or wanted["replicas"][:1]
            wanted["removing"], wanted["adding"] = [], []
        case _:
            pass
    return wanted


def changed(given: dict[str, Any]) -> dict[str, Any] | None:
    """What is recorded here."""
    was, wanted, alive = given["partition"], given["wanted"], given["alive"]
    record = PartitionRecord(
        partition_id=0,
        topic_id=bytes(15) + b"\x01",
        replicas=was["replicas"],
        isr=was["isr"],
        removing_replicas=was["removing"],
        adding_replicas=was["adding"],
        leader=was["leader"],
        leader_recovery_state=was["recovery_state"],
        leader_epoch=5,
        partition_epoch=9,
        directories=[directory_of(one) for one in was["replicas"]],
        eligible_leader_replicas=was["eligible"] or None,
        last_known_elr=was["last_known"] or None,
    )

    def may_lead(record: PartitionRecord, replica: int) -> bool:
        return replica in alive

    rules = ElectionRules(may_lead, directory_of, given["min_isr"], given["has_eligible_leaders"])
    change = PartitionChange(record, rules, Election[given["election"]], given["unclean_shutdown"])
    for name, value in wanted.items():
        if value is not None:
            setattr(change, name, list(value) if isinstance(value, list) else value)
    made = change.record()
    if made is None:
        return None
    return {
        "leader": made.leader,
        "isr": made.isr,
        "replicas": made.replicas,
        "removing": made.removing_replicas,
        "adding": made.adding_replicas,
        "recovery_state": made.leader_recovery_state,
        "eligible": made.eligible_leader_replicas,
        "last_known": made.last_known_elr,
        "directories": None if made.directories is None else [int.from_bytes(one[8:]) for one in made.directories],
    }

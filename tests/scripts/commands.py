"""THE TABLE of commands: what a line of a script does. A kind of client is a line in KINDS, a command one in COMMANDS.

Times are seconds. A name is one process: whoever comes after it has another name. Options are NAME=VALUE.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from .classic_process import ClassicProcess, classic_process
from .consumer_process import ConsumerProcess
from .groups_seen import partitions_text, see
from .reading import Wish
from .script import BadCommand
from .share_process import ShareProcess
from .streams_process import StreamsProcess
from .world import Process, World

Words = Sequence[str]


# What a process may be started with, and how it is read; a kind takes what means something to it.
OPTIONS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("answer", "assignor", "group", "pattern", "process", "static", "store"), str),
    **dict.fromkeys(("rebalance", "session"), float),
    "takes": int,
}


class Command(NamedTuple):
    """How it is written, and what it does."""

    usage: str
    carry_out: Callable[[World, Words], None]


def play(world: World, text: str) -> list[str]:
    """Carry out a line of a script; what comes of it."""
    words = text.split()
    for length in (2, 1):
        command = COMMANDS.get(" ".join(words[:length]))
        if command is not None:
            try:
                command.carry_out(world, words[length:])
            except (ValueError, IndexError, KeyError) as error:
                raise BadCommand(f"usage: {command.usage} ({error!r})") from None
            world.look()
            return world.effects()
    raise BadCommand(f"no such command; there are {', '.join(sorted(COMMANDS))}")


# Topics, time, the broker


def _create_topic(world: World, words: Words) -> None:
    world.change_topics(world.topics.create(words[0], int(words[1])))


def _grow_topic(world: World, words: Words) -> None:
    world.change_topics(world.topics.grow(words[0], int(words[1])))


def _delete_topic(world: World, words: Words) -> None:
    world.change_topics(world.topics.delete(words[0]))


def _wait(world: World, words: Words) -> None:
    world.wait(float(words[0]))


def _settings(world: World, words: Words) -> None:
    world.settings.update(_options(words)[1])
    world.restart_broker()


def _restart(world: World, words: Words) -> None:
    world.restart_broker()


# Processes


def _join(world: World, words: Words) -> None:
    name, kind, *rest = words
    if kind not in KINDS:
        raise BadCommand(f"no such kind; there are {', '.join(sorted(KINDS))}")
    world.add(KINDS[kind](world, name, _wish(rest)))


def _subscribe(world: World, words: Words) -> None:
    process = world.process(words[0])
    if not isinstance(process, ConsumerProcess | ClassicProcess):
        raise BadCommand(f"{process.name} subscribes once and for all")
    topics, options = _options(words[1:])
    process.subscribe(replace(process.wish, topics=tuple(topics), pattern=options.get("pattern")))


def _beat(world: World, words: Words) -> None:
    world.process(words[0]).go()


def _leave(world: World, words: Words) -> None:
    world.process(words[0]).close()


def _die(world: World, words: Words) -> None:
    process = world.process(words[0])
    process.is_running, process.owned = False, {}
    process.die()


def _hang(world: World, words: Words) -> None:
    world.process(words[0]).is_running = False


def _wake(world: World, words: Words) -> None:
    process = world.process(words[0])
    process.is_running = True
    world.look()
    process.go()


# Records and offsets


def _load(world: World, words: Words) -> None:
    world.loaded.update(words)


def _produce(world: World, words: Words) -> None:
    topic, index, count = words
    world.ends[topic, int(index)] += int(count)


def _in_flight(world: World, words: Words) -> None:
    group_id, topic = words
    world.show(world.shares.show(group_id, topic))


def _commit(world: World, words: Words) -> None:
    name, topic, index, offset = words
    error = world.commit(world.process(name), topic, int(index), int(offset))
    world.report(name, f"commits {topic}[{index}] at {offset}: {error.name}")


def _offsets(world: World, words: Words) -> None:
    for topic in words:
        found = [world.broker.committed(topic, index) for index in range(world.topics.partitions_of(topic))]
        twice = sum(count > 1 for (name, _, _), count in world.processed.items() if name == topic)
        missed = [
            offset
            for index, end in enumerate(found)
            for offset in range(end or 0)
            if topic in world.loaded and not world.processed[topic, index, offset]
        ]
        world.show(f"{topic} is committed at {' '.join('-' if one is None else str(one) for one in found)}")
        if topic in world.loaded:
            world.show(f"{topic}: {twice} records were processed twice before they were committed, {len(missed)} never")


def _describe(world: World, words: Words) -> None:
    group_id = words[0] if words else "g"
    group = world.broker.service.find_group(group_id)
    if group is None:
        world.show(f"{group_id}: no such group")
        return
    seen = see(group)
    world.show(f"{group_id}: {seen.state}")
    for member_id, epoch in seen.members.items():
        process: Process | None = world.processes.get(world.name_of(member_id))
        if process is None or not (process.is_running or process.owned):
            state = "has ended"
        else:
            state = f"has {partitions_text(process.owned)}" + ("" if process.is_running else ", hangs")
        world.show(f"{world.name_of(member_id)}: epoch {epoch}, {state}")


JOIN = f"join NAME KIND TOPIC... [{'= '.join(sorted(OPTIONS))}=]"

KINDS: Mapping[str, Callable[[World, str, Wish], Process]] = {
    "classic": classic_process,
    "consumer": ConsumerProcess,
    "share": ShareProcess,
    "streams": StreamsProcess,
}

COMMANDS: Mapping[str, Command] = {
    "topic create": Command("topic create NAME PARTITIONS", _create_topic),
    "topic grow": Command("topic grow NAME PARTITIONS", _grow_topic),
    "topic delete": Command("topic delete NAME", _delete_topic),
    "wait": Command("wait SECONDS: processes go on, heartbeat after heartbeat", _wait),
    "settings": Command("settings NAME=VALUE...: the broker is started anew with these", _settings),
    "restart broker": Command("restart broker", _restart),
    "join": Command(JOIN, _join),
    "subscribe": Command("subscribe NAME TOPIC... [pattern=]", _subscribe),
    "beat": Command("beat NAME: it does now what it would do next", _beat),
    "leave": Command("leave NAME: it ends as it should", _leave),
    "die": Command("die NAME: it ends without a word", _die),
    "hang": Command("hang NAME: it does nothing any more, until it wakes", _hang),
    "wake": Command("wake NAME", _wake),
    "load": Command("load TOPIC...: processes process a record of each partition at each step, and commit", _load),
    "produce": Command("produce TOPIC PARTITION COUNT: records that share groups are given", _produce),
    "in flight": Command("in flight GROUP TOPIC: how far a share group is", _in_flight),
    "commit": Command("commit NAME TOPIC PARTITION OFFSET", _commit),
    "offsets": Command("offsets TOPIC...", _offsets),
    "describe": Command("describe [GROUP]", _describe),
}


def _options(words: Words) -> tuple[list[str], dict[str, str]]:
    plain = [word for word in words if "=" not in word]
    return plain, dict(word.split("=", 1) for word in words if "=" in word)


def _wish(words: Words) -> Wish:
    topics, options = _options(words)
    unknown = options.keys() - OPTIONS.keys()
    if unknown:
        raise BadCommand(f"no such option: {', '.join(sorted(unknown))}")
    return replace(Wish(tuple(topics)), **{name: OPTIONS[name](value) for name, value in options.items()})

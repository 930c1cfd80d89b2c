"""What every verb of the shell needs: its common options, a client of the broker, and errors for people.

The rule: confluent-kafka is loaded when a verb runs, and what it raises is one line that names the cause.
"""

import functools
import importlib
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import click

from ...config.listeners import PLAINTEXT
from ...wire import host_and_port
from ..client_settings import parse_client_settings
from ..options import bootstrap_option, client_settings_option

INSTALL = "pip install 'odradek[cli]'"
CONNECT_S = 5.0
POLL_S = 0.05

Key = TypeVar("Key")


class Failed(click.ClickException):
    """The verb could not do what it was asked; the text says why."""


def load(module: str) -> Any:
    """A module of the extra. Failed names what to install."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0].replace("_", "-")
        raise Failed(f"{package} is needed: {INSTALL}") from None


class Kafka:
    """confluent-kafka, connected to one cluster. `close` ends it."""

    def __init__(self, bootstrap: str, timeout_s: float, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        """`settings` are librdkafka's own, for the cluster at hand."""
        self.module = load("confluent_kafka")
        self.bootstrap = bootstrap
        self.timeout_s = timeout_s
        self._refused: str | None = None
        self._is_plain = settings.get("security.protocol", PLAINTEXT).upper() == PLAINTEXT
        self._settings: dict[str, Any] = {
            **settings,
            "bootstrap.servers": bootstrap,
            "logger": _silence(),
            "error_cb": self._note_refusal,
        }
        _check_somebody_listens(bootstrap)

    def check_login(self) -> None:
        """Failed, at once, where the cluster does not let in who asks, or there is no TLS with it.

        librdkafka tells that to its callback alone: a call would try again until its time is over.
        """
        if self._is_plain:
            return
        answer = self.admin.describe_cluster(request_timeout=self.timeout_s)
        while not answer.done() and self._refused is None:
            self.admin.poll(POLL_S)
        if self._refused is not None:
            raise Failed(self._refused)
        self.result(answer)

    def _note_refusal(self, error: Any) -> None:
        known = self.module.KafkaError
        if error.code() in (known._AUTHENTICATION, known._SSL):
            self._refused = why_of(error)

    @functools.cached_property
    def admin(self) -> Any:
        """An AdminClient."""
        return self.admin_module.AdminClient(self._settings)

    @functools.cached_property
    def admin_module(self) -> Any:
        """The names that AdminClient takes."""
        return load("confluent_kafka.admin")

    def producer(self) -> Any:
        """A producer that fails, rather than waits, after the timeout."""
        timeout_ms = int(self.timeout_s * 1000)
        return self.module.Producer({**self._settings, "message.timeout.ms": timeout_ms, "linger.ms": 0})

    def consumer(self, **settings: object) -> Any:
        """A consumer that commits nothing; settings have `_` for `.`."""
        named = {name.replace("_", "."): value for name, value in settings.items()}
        return self.module.Consumer(
            {**self._settings, "group.id": "odradek-shell", "enable.auto.commit": False, **named}
        )

    def result(self, future: Any) -> Any:
        """What a call comes to. KafkaException, or Failed after the timeout."""
        try:
            return future.result(self.timeout_s)
        except TimeoutError:
            raise Failed(f"no answer within {self.timeout_s:g} s") from None

    def results(self, futures: Mapping[Key, Any]) -> dict[Key, Any]:
        """What each call comes to; Failed names all that failed, once the others are through."""
        found: dict[Key, Any] = {}
        failures: list[str] = []
        for key, future in futures.items():
            try:
                found[key] = self.result(future)
            except self.module.KafkaException as error:
                failures.append(f"{key}: {why(error)}")
        if failures:
            raise Failed("\n".join(failures))
        return found

    def partitions_of(self, topic: str) -> list[int]:
        """The partitions of a topic, in order. Failed where there is none of that name."""
        # To ask for one topic by its name could create it.
        found = self.admin.list_topics(timeout=self.timeout_s).topics.get(topic)
        if found is None:
            raise Failed(f"there is no topic {topic}")
        return sorted(found.partitions)

    def offsets_of(self, partitions: Sequence[tuple[str, int]], spec: Any) -> dict[tuple[str, int], int]:
        """The offset of each (topic, partition) that an OffsetSpec means; -1 where there is none."""
        names = self.module.TopicPartition
        asked = {names(topic, partition): spec for topic, partition in partitions}
        if not asked:
            return {}
        futures = self.admin.list_offsets(asked, request_timeout=self.timeout_s)
        by_place = {f"{place.topic}-{place.partition}": (place, future) for place, future in futures.items()}
        found = self.results({name: future for name, (_, future) in by_place.items()})
        return {(place.topic, place.partition): int(found[name].offset) for name, (place, _) in by_place.items()}


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that all have, and with them `kafka` and `as_json`."""

    @bootstrap_option("The cluster.")
    @client_settings_option
    @click.option(
        "--timeout", "timeout_s", metavar="S", type=click.FloatRange(min=0, min_open=True), default=10.0, hidden=True
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
    @functools.wraps(command)
    def run(bootstrap: str, client_settings: tuple[str, ...], timeout_s: float, **values: Any) -> None:
        kafka = Kafka(bootstrap, timeout_s, parse_client_settings(client_settings))
        try:
            kafka.check_login()
            command(kafka=kafka, **values)
        except kafka.module.KafkaException as error:
            raise Failed(why(error)) from None

    return run


def why(error: Any) -> str:
    """What an exception of the client library says, with Kafka's name of the error."""
    cause = error.args[0]
    return why_of(cause) if hasattr(cause, "name") else str(cause)


def why_of(error: Any) -> str:
    """The same of its KafkaError."""
    return f"{error.name().lstrip('_')}: {error.str()}"


def pairs(assignments: Sequence[str], what: str) -> list[tuple[str, str]]:
    """NAME=VALUE, each. UsageError names what they are."""
    found: list[tuple[str, str]] = []
    for assignment in assignments:
        name, sign, value = assignment.partition("=")
        if not sign or not name:
            raise click.UsageError(f"{what} {assignment!r} is not NAME=VALUE")
        found.append((name, value))
    return found


def _silence() -> logging.Logger:
    """librdkafka reports every lost connection; the verb says itself what did not work."""
    logger = logging.getLogger("odradek.shell.librdkafka")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def _check_somebody_listens(bootstrap: str) -> None:
    """librdkafka would try for long, and not say why."""
    reasons: list[str] = []
    for address in bootstrap.split(","):
        try:
            socket.create_connection(host_and_port(address.strip()), CONNECT_S).close()
            return
        except (OSError, ValueError) as error:
            reasons.append(f"{address}: {error}")
    raise Failed(f"no broker there: {'; '.join(reasons)}")

"""`odradek health`: whether a broker is ready for clients. Needs no client library, and asks any Kafka.

Ready means that ApiVersions, Metadata and the coordinators of groups and of transactions answer. Where a listener wants
a login (SASL) and none was given, it is enough that it offers one.
"""

import contextlib
import sys
from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType

import click

from ...protocol.errors import ErrorCode
from ...protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from ...protocol.messages.metadata import MetadataRequest, MetadataResponse
from ..wire import Wire
from .client_settings import connect, parse_client_settings, without_login
from .login import USERNAME, LoginRefused, offered_mechanisms
from .newest_versions import NewestVersions, NotServed, error_name
from .options import bootstrap_option, client_settings_option

KEY = "odradek-health"
COORDINATORS = ((0, "groups"), (1, "transactions"))
DENIED: Mapping[int, str] = {
    ErrorCode.GROUP_AUTHORIZATION_FAILED: f": its user needs DESCRIBE on the group {KEY}",
    ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: f": its user needs DESCRIBE on the transactional id {KEY}",
}
PAUSE_S = 0.05
NOT_YET = (ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)


class NotReady(Exception):
    """The broker is not ready; the text says what is missing."""


@click.command()
@bootstrap_option("The broker to ask.")
@client_settings_option
@click.option(
    "--timeout",
    "timeout_s",
    metavar="S",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="How many seconds it may take.",
)
def health(bootstrap: str, client_settings: tuple[str, ...], timeout_s: float) -> None:
    """Ask whether a broker is ready for clients: exits with 0 if it is and with 1 if not, and prints one line."""
    import time

    try:
        check_health(bootstrap, timeout_s, time.monotonic, time.sleep, parse_client_settings(client_settings))
    except NotReady as error:
        click.echo(f"{bootstrap} is not ready: {error}", err=True)
        sys.exit(1)
    click.echo(f"{bootstrap} is ready")


def check_health(
    bootstrap: str,
    timeout_s: float,
    now: Callable[[], float],
    sleep: Callable[[float], None],
    settings: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Return when the first broker of the list that takes a connection is ready. NotReady."""
    deadline = now() + timeout_s
    reasons: list[str] = []
    for address in bootstrap.split(","):
        try:
            left_s = max(deadline - now(), PAUSE_S)
            wire = connect(address.strip(), settings, client_id=KEY, timeout_s=left_s)
        except LoginRefused as error:
            reasons.append(f"{address.strip()}: {error}")
            continue
        except (OSError, ValueError) as error:
            reasons.append(f"cannot connect to {address.strip()}: {error}")
            continue
        with wire:
            try:
                _Questions(wire, deadline, now, sleep).ask_all()
            except NotReady:
                if USERNAME in settings or not _offers_login(address.strip(), settings, max(deadline - now(), PAUSE_S)):
                    raise
        return
    raise NotReady("; ".join(reasons))


def _offers_login(address: str, settings: Mapping[str, str], timeout_s: float) -> bool:
    """Whether it answers only to who logs in: more cannot be asked of it then, and it is ready for that."""
    try:
        with connect(address, without_login(settings), client_id=KEY, timeout_s=timeout_s) as wire:
            return bool(offered_mechanisms(wire))
    except (OSError, ValueError):
        return False


class _Questions:
    """What is asked over one connection, until the deadline."""

    def __init__(self, wire: Wire, deadline: float, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._wire = wire
        self._newest = NewestVersions(wire)
        self._deadline = deadline
        self._now = now
        self._sleep = sleep

    def ask_all(self) -> None:
        """NotReady names the question that was not answered well."""
        with self._asking("ApiVersions"):
            self._newest.learn()
        with self._asking("Metadata"):
            metadata = self._newest.ask(MetadataRequest(topics=[]), MetadataResponse)
        if not metadata.brokers:
            raise NotReady("Metadata names no broker")
        for key_type, name in COORDINATORS:
            self._find_coordinator(key_type, f"the coordinator of {name}")

    def _find_coordinator(self, key_type: int, what: str) -> None:
        request = FindCoordinatorRequest(key_type=key_type, key=KEY, coordinator_keys=[KEY])
        while True:
            with self._asking(what):
                answer = self._newest.ask(request, FindCoordinatorResponse)
            code = answer.coordinators[0].error_code if answer.coordinators else answer.error_code
            if code == ErrorCode.NONE:
                return
            if code not in NOT_YET or self._now() + PAUSE_S >= self._deadline:
                raise NotReady(f"{what}: {error_name(code)}{DENIED.get(code, '')}")
            self._sleep(PAUSE_S)

    @contextlib.contextmanager
    def _asking(self, what: str) -> Generator[None]:
        left_s = self._deadline - self._now()
        try:
            if left_s <= 0:
                raise TimeoutError
            self._wire.set_timeout(left_s)
            yield
        except TimeoutError:
            raise NotReady(f"{what}: no answer in time") from None
        except (OSError, ValueError, NotServed) as error:
            raise NotReady(f"{what}: {error}") from None

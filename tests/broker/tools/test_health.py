"""`odradek health`: what counts as ready, and what a person and a script see."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence

import pytest
from click.testing import CliRunner

from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.health import KEY, NotReady, check_health, health
from odradek.broker.wire import Wire
from odradek.protocol.codec import encode_bytes
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.api_versions import ApiVersion, ApiVersionsResponse
from odradek.protocol.messages.find_coordinator import Coordinator, FindCoordinatorResponse
from odradek.protocol.messages.metadata import MetadataResponse, MetadataResponseBroker

from ...brokers import free_port

SERVED = ApiVersionsResponse(
    api_keys=[ApiVersion(api_key=3, max_version=1), ApiVersion(api_key=10, max_version=4), ApiVersion(api_key=18)]
)
CLUSTER = MetadataResponse(brokers=[MetadataResponseBroker(node_id=1, host="h", port=1)])


def coordinator(code: ErrorCode = ErrorCode.NONE) -> FindCoordinatorResponse:
    return FindCoordinatorResponse(coordinators=[Coordinator(key="k", node_id=1, host="h", port=1, error_code=code)])


class Time:
    """A clock that only a pause turns."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses = 0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.pauses += 1


@contextlib.contextmanager
def answering(answers: Sequence[object]) -> Generator[str]:
    """A broker that gives these answers to one connection, one each, and then closes it."""

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            for answer in answers:
                size = int.from_bytes(connection.recv(4, socket.MSG_WAITALL))
                frame = connection.recv(size, socket.MSG_WAITALL)
                version = int.from_bytes(frame[2:4])
                is_flexible = isinstance(answer, FindCoordinatorResponse)
                body = frame[4:8] + (b"\0" if is_flexible else b"") + encode_bytes(answer, version)
                connection.sendall(len(body).to_bytes(4) + body)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join()


def check(answers: Sequence[object], timeout_s: float = 5.0) -> Time:
    time = Time()
    with answering(answers) as address:
        check_health(address, timeout_s, time.now, time.sleep)
    return time


def why_not(answers: Sequence[object], timeout_s: float = 5.0) -> str:
    with pytest.raises(NotReady) as refused:
        check(answers, timeout_s)
    return str(refused.value)


def test_a_broker_that_answers_all_questions_is_ready() -> None:
    with running_broker() as broker:
        address = broker.bootstrap
        result = CliRunner().invoke(health, ["--bootstrap", address])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"{address} is ready"


def test_where_nothing_listens_it_is_not_ready_and_one_line_says_why() -> None:
    address = f"127.0.0.1:{free_port()}"
    result = CliRunner().invoke(health, ["--bootstrap", address])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"{address} is not ready: cannot connect to {address}: ")
    assert result.stderr.count("\n") == 1


def test_of_several_addresses_the_first_that_takes_a_connection_is_asked() -> None:
    with running_broker() as broker:
        check_health(f"127.0.0.1:{free_port()}, {broker.bootstrap}", 5.0, Time().now, Time().sleep)


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:x"])
def test_an_address_that_is_none_is_not_ready(address: str) -> None:
    assert CliRunner().invoke(health, ["--bootstrap", address]).exit_code == 1


def test_a_coordinator_that_is_not_there_yet_is_asked_again_within_the_time() -> None:
    not_yet = coordinator(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    loading = coordinator(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    time = check([SERVED, CLUSTER, not_yet, loading, coordinator(), not_yet, coordinator()])
    assert time.pauses == 3


def test_a_coordinator_that_does_not_come_is_named_when_the_time_is_over() -> None:
    not_yet = coordinator(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    why = why_not([SERVED, CLUSTER, coordinator(), not_yet, not_yet], 0.1)
    assert why == "the coordinator of transactions: COORDINATOR_NOT_AVAILABLE"


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([], "ApiVersions: closed after 0 of 4 bytes"),
        ([ApiVersionsResponse(error_code=35)], "ApiVersions: UNSUPPORTED_VERSION"),
        ([ApiVersionsResponse()], "Metadata: Metadata is not served"),
        ([SERVED], "Metadata: closed after 0 of 4 bytes"),
        ([SERVED, MetadataResponse()], "Metadata names no broker"),
        (
            [SERVED, CLUSTER, coordinator(ErrorCode.GROUP_AUTHORIZATION_FAILED)],
            f"the coordinator of groups: GROUP_AUTHORIZATION_FAILED: its user needs DESCRIBE on the group {KEY}",
        ),
    ],
)
def test_a_broker_that_lacks_something_is_not_ready(answers: Sequence[object], why: str) -> None:
    found = why_not(answers)
    assert found == why or ("closed" in why and found.startswith(why.partition(" closed")[0]))


def test_it_loads_no_client_library_and_nothing_of_the_broker_that_it_does_not_need() -> None:
    program = "import sys, odradek.broker.tools.health; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"confluent_kafka", "rich", "uvloop", "structlog", "odradek.broker.cluster"} & set(modules)


def test_a_broker_without_a_word_is_not_ready_when_the_time_is_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        result = CliRunner().invoke(health, ["--bootstrap", address, "--timeout", "0.05"])
    assert "ApiVersions: no answer in time" in result.stderr


def test_the_timeout_of_a_connection_can_be_changed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Wire(f"127.0.0.1:{silent.getsockname()[1]}") as wire:
        wire.set_timeout(0.01)
        with pytest.raises(TimeoutError):
            wire.receive_frame()


def test_a_listener_that_wants_a_login_is_ready_when_it_offers_one() -> None:
    settings = {
        "listeners": "CLIENTS://127.0.0.1:0",
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT",
    }
    with running_broker(settings) as broker:
        found = CliRunner().invoke(health, ["--bootstrap", broker.bootstrap])
    assert (found.exit_code, found.output.splitlines()[-1]) == (0, f"{broker.bootstrap} is ready")

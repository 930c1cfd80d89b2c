import pytest

from odradek.broker.testing.topics import create_topic
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse

from ..conftest import Parts
from .group_context import GroupBroker


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    return GroupBroker(parts)


@pytest.mark.parametrize("version", range(4))
@pytest.mark.parametrize("key_type", [0, 1])
def test_one_key_finds_this_broker(broker: GroupBroker, version: int, key_type: int) -> None:
    request = FindCoordinatorRequest(key="g", key_type=key_type if version else 0)
    found = broker.ask(request, version, FindCoordinatorResponse).answer
    assert (found.error_code, found.node_id, found.host, found.port) == (0, 1, "127.0.0.1", 9092)
    assert found.error_message == ("NONE" if version else None)


@pytest.mark.parametrize("version", range(4, 7))
def test_every_key_is_answered_and_one_named_twice_is_answered_twice(broker: GroupBroker, version: int) -> None:
    request = FindCoordinatorRequest(key_type=0, coordinator_keys=["g", "", "g"])
    found = broker.ask(request, version, FindCoordinatorResponse).answer.coordinators
    assert found == [
        Coordinator(key=key, node_id=1, host="127.0.0.1", port=9092, error_message="") for key in ("g", "", "g")
    ]


def test_no_keys_get_no_answers_and_create_nothing(broker: GroupBroker) -> None:
    assert not broker.ask(FindCoordinatorRequest(), 4, FindCoordinatorResponse).answer.coordinators
    assert broker.parts.topics.find("__consumer_offsets") is None


def test_the_first_group_asked_for_creates_the_offsets_topic(broker: GroupBroker) -> None:
    broker.ask(FindCoordinatorRequest(key_type=1, coordinator_keys=["tx"]), 4, FindCoordinatorResponse)
    assert broker.parts.topics.find("__consumer_offsets") is None
    broker.ask(FindCoordinatorRequest(coordinator_keys=["g"]), 4, FindCoordinatorResponse)
    assert broker.parts.topics.find("__consumer_offsets") is not None


SHARE_KEY = "g:AAAAAAAAAAAAAAAAAAAAAQ:0"


def test_a_share_partition_is_found_and_its_topic_created_with_the_first_good_key(broker: GroupBroker) -> None:
    def found(*keys: str) -> list[tuple[int, int]]:
        request = FindCoordinatorRequest(key_type=2, coordinator_keys=keys)
        answer = broker.ask(request, 6, FindCoordinatorResponse).answer
        return [(one.error_code, one.node_id) for one in answer.coordinators]

    assert found("g") == [(ErrorCode.INVALID_REQUEST, -1)]
    assert broker.parts.topics.find("__share_group_state") is None
    assert found("g", SHARE_KEY) == [(ErrorCode.INVALID_REQUEST, -1), (0, 1)]
    assert broker.parts.topics.find("__share_group_state") is not None


@pytest.mark.parametrize("version", range(1, 6))
def test_share_partitions_are_unknown_before_version_6(broker: GroupBroker, version: int) -> None:
    request = FindCoordinatorRequest(key_type=2, key=SHARE_KEY, coordinator_keys=[SHARE_KEY])
    answer = broker.ask(request, version, FindCoordinatorResponse).answer
    code = answer.coordinators[0].error_code if version >= 4 else answer.error_code
    assert code == ErrorCode.INVALID_REQUEST
    assert broker.parts.topics.find("__share_group_state") is None


@pytest.mark.parametrize(("key_type", "message"), [(2, ""), (9, ErrorCode.INVALID_REQUEST.message)])
def test_keys_of_other_kinds_are_refused_one_by_one(broker: GroupBroker, key_type: int, message: str) -> None:
    request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=["a"])
    (found,) = broker.ask(request, 6, FindCoordinatorResponse).answer.coordinators
    assert found == Coordinator(
        key="a", node_id=-1, host="", port=-1, error_code=ErrorCode.INVALID_REQUEST, error_message=message
    )


def test_what_a_topic_created_by_a_client_has_no_partition_for_has_no_coordinator_until_the_restart(
    broker: GroupBroker,
) -> None:
    for name in ("__consumer_offsets", "__transaction_state"):
        create_topic(broker.parts.topics, name, 1)
    has_none = next(f"g{n}" for n in range(99) if broker.context.groups.partition_of(f"g{n}") > 0)
    has_one = next(f"g{n}" for n in range(9999) if broker.context.groups.partition_of(f"g{n}") == 0)

    def codes(key_type: int) -> list[int]:
        request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[has_none, has_one])
        found = broker.ask(request, 4, FindCoordinatorResponse).answer.coordinators
        return [one.error_code for one in found]

    def joined() -> int:
        request = JoinGroupRequest(
            group_id=has_none,
            session_timeout_ms=10_000,
            member_id="",
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        )
        return broker.ask(request, 5, JoinGroupResponse).answer.error_code

    def begun() -> int:
        request = InitProducerIdRequest(transactional_id=has_none, transaction_timeout_ms=1000)
        return broker.ask(request, 3, InitProducerIdResponse).answer.error_code

    assert (codes(0), codes(1)) == ([ErrorCode.COORDINATOR_NOT_AVAILABLE, 0], [ErrorCode.COORDINATOR_NOT_AVAILABLE, 0])
    assert (joined(), begun()) == (ErrorCode.NOT_COORDINATOR, ErrorCode.NOT_COORDINATOR)
    broker.restart()
    assert (codes(0), codes(1)) == ([0, 0], [0, 0])
    assert (joined(), begun()) == (ErrorCode.MEMBER_ID_REQUIRED, 0)

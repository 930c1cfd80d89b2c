"""A stored record as Kafka's generated converters write it in JSON."""

import pytest

from odradek.broker.tools.dump_log.message_json import camel, message_json
from odradek.protocol.metadata_records import BrokerRegistrationChangeRecord, TopicRecord
from odradek.protocol.state_records import GroupMetadataValue, MemberMetadata, OffsetCommitValue


@pytest.mark.parametrize(
    ("name", "shown"),
    [("name", "name"), ("producer_epoch", "producerEpoch"), ("current_state_timestamp", "currentStateTimestamp")],
)
def test_names_are_in_camel_case(name: str, shown: str) -> None:
    assert camel(name) == shown


def test_an_id_is_shown_as_its_text() -> None:
    topic = TopicRecord(name="orders", topic_id=b"t" * 16)
    assert message_json(topic, 0) == {"name": "orders", "topicId": "dHR0dHR0dHR0dHR0dHR0dA"}


def test_bytes_are_base64_and_structures_are_objects() -> None:
    member = MemberMetadata(member_id="m", subscription=b"\x00\xff", assignment=b"")
    group = GroupMetadataValue(protocol_type="consumer", generation=1, protocol=None, leader=None, members=[member])
    shown = message_json(group, 3)
    assert (shown["protocolType"], shown["generation"], shown["protocol"]) == ("consumer", 1, None)
    assert isinstance(shown["members"], list)
    (found,) = shown["members"]
    assert isinstance(found, dict)
    assert (found["memberId"], found["subscription"], found["assignment"]) == ("m", "AP8=", "")


def test_a_field_that_the_version_lacks_is_not_shown() -> None:
    value = OffsetCommitValue(offset=5, leader_epoch=3, metadata="", commit_timestamp=7)
    assert "leaderEpoch" in message_json(value, 3)
    assert "leaderEpoch" not in message_json(value, 2)


def test_a_tagged_field_is_shown_only_where_it_says_something() -> None:
    assert message_json(BrokerRegistrationChangeRecord(broker_id=1), 0) == {"brokerId": 1, "brokerEpoch": 0}
    assert message_json(BrokerRegistrationChangeRecord(broker_id=1, fenced=1), 0)["fenced"] == 1

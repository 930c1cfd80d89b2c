"""What control records of the metadata log hold, byte for byte."""

import pytest

from odradek.protocol.codec import decode, encode_bytes
from odradek.protocol.quorum_records import (
    LeaderChangeMessage,
    SnapshotFooterRecord,
    SnapshotHeaderRecord,
    Voter,
)


def test_a_header_has_the_time_of_the_last_record_it_stands_for() -> None:
    header = SnapshotHeaderRecord(last_contained_log_timestamp=1_700_000_000_000)
    assert encode_bytes(header, 0).hex() == "0000" + "0000018bcfe56800" + "00"
    assert decode(SnapshotHeaderRecord, 0, encode_bytes(header, 0)) == header


def test_a_footer_is_its_version_and_no_more() -> None:
    assert encode_bytes(SnapshotFooterRecord(), 0).hex() == "0000" + "00"


@pytest.mark.parametrize("version", [0, 1])
def test_a_leader_change_names_leader_and_voters_in_every_version(version: int) -> None:
    voters = [Voter(voter_id=1), Voter(voter_id=2)]
    change = LeaderChangeMessage(leader_id=1, voters=voters, granting_voters=voters[:1], version=version)
    back = decode(LeaderChangeMessage, version, encode_bytes(change, version))
    assert (back.leader_id, [one.voter_id for one in back.voters]) == (1, [1, 2])
    assert [one.voter_id for one in back.granting_voters] == [1]

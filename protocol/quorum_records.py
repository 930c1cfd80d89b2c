"""Values of the control records in the metadata log (KIP-595, KIP-853)."""

from collections.abc import Sequence

from .schema import ZERO_UUID, field, i16, i32, i64, message, nested, u16, uuid


@message(versions="0", flexible="0+")
class KRaftVersionRecord:
    """The version of the quorum protocol."""

    version: i16 = 0
    kraft_version: i16 = 0


@nested
class Voter:
    voter_id: i32 = 0
    voter_directory_id: uuid = field(default=ZERO_UUID, versions="1+")


@message(versions="0-1", flexible="0+")
class LeaderChangeMessage:
    """Who leads the quorum from here on, and who voted."""

    version: i16 = 0
    leader_id: i32
    voters: Sequence[Voter] = ()
    granting_voters: Sequence[Voter] = ()


@message(versions="0", flexible="0+")
class SnapshotFooterRecord:
    """The end of a snapshot."""

    version: i16 = 0


@message(versions="0", flexible="0+")
class SnapshotHeaderRecord:
    """The beginning of a snapshot."""

    version: i16 = 0
    last_contained_log_timestamp: i64 = 0


@nested
class Endpoint:
    name: str
    host: str
    port: u16


@nested
class KRaftVersionFeature:
    min_supported_version: i16 = 0
    max_supported_version: i16 = 0


@nested
class VotersVoter:
    voter_id: i32 = 0
    voter_directory_id: uuid = ZERO_UUID
    endpoints: Sequence[Endpoint] = ()
    kraft_version_feature: KRaftVersionFeature = field(default_factory=KRaftVersionFeature)


@message(versions="0", flexible="0+")
class VotersRecord:
    """The voters of the quorum (KIP-853)."""

    version: i16 = 0
    voters: Sequence[VotersVoter] = ()

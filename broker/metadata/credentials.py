"""Who may log in, as the metadata log has it: users with SCRAM credentials, and delegation tokens.

The records themselves: no copy of a secret is made anywhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...protocol.metadata_records import (
    DelegationTokenRecord,
    MetadataRecord,
    RemoveDelegationTokenRecord,
    RemoveUserScramCredentialRecord,
    UserScramCredentialRecord,
    encode_metadata_record,
)

ScramKey = tuple[str, int]
"""A user, and Kafka's number of the mechanism."""


@dataclass(slots=True)
class Credentials:
    """The newest record of each user and mechanism, and of each token by its id."""

    scram: dict[ScramKey, UserScramCredentialRecord] = field(
        default_factory=dict[ScramKey, UserScramCredentialRecord], repr=False
    )
    tokens: dict[str, DelegationTokenRecord] = field(default_factory=dict[str, DelegationTokenRecord], repr=False)

    def replay(self, record: MetadataRecord) -> bool:
        """Take a record; False for one that is not about credentials."""
        match record:
            case UserScramCredentialRecord():
                self.scram[record.name, record.mechanism] = record
            case RemoveUserScramCredentialRecord():
                self.scram.pop((record.name, record.mechanism), None)
            case DelegationTokenRecord():
                self.tokens[record.token_id] = record
            case RemoveDelegationTokenRecord():
                self.tokens.pop(record.token_id, None)
            case _:
                return False
        return True

    def records(self) -> Iterator[bytes]:
        """The same again, in the order of Kafka's own snapshots."""
        for user in self.scram.values():
            yield encode_metadata_record(user)
        for token in self.tokens.values():
            yield encode_metadata_record(token)

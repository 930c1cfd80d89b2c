"""The users of `--user` in the metadata log: written down at the start where they are not there as they are given."""

from collections.abc import Sequence
from random import Random

from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.metadata_records import MetadataRecord, UserScramCredentialRecord
from ...metadata.metadata import Metadata, Then
from ...runtime import Threads
from .scram_credentials import BY_LABEL, MIN_ITERATIONS, credential_record, make_credential, stored_credential
from .users import User

SALT_BYTES = 20


def ensure_users(metadata: Metadata, users: Sequence[User], threads: Threads, random: Random, then: Then) -> None:
    """Have each user's SCRAM credentials be those of the password given; on a thread, as that takes milliseconds."""
    stored = dict(metadata.image.credentials.scram)
    salts = {(user.name, label): random.randbytes(SALT_BYTES) for user in users for label in BY_LABEL}
    records: list[MetadataRecord] = []

    def run() -> None:
        for user in users:
            for label in user.mechanisms:
                if label in BY_LABEL:
                    known = stored.get((user.name, BY_LABEL[label]))
                    records.extend(_changed(user, label, known, salts[user.name, label]))

    def done(error: Exception | None) -> None:
        if error is not None:
            then(KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, f"--user: {error}"))
        else:
            metadata.change(lambda image: records, then)

    threads.run(run, done)


def _changed(
    user: User, label: str, known: UserScramCredentialRecord | None, salt: bytes
) -> Sequence[UserScramCredentialRecord]:
    mechanism = BY_LABEL[label]
    if known is not None:
        again = make_credential(mechanism, user.password, known.salt, known.iterations)
        if again == stored_credential(known):
            return ()
    made = make_credential(mechanism, user.password, salt, MIN_ITERATIONS)
    return [credential_record(user.name, mechanism, made)]

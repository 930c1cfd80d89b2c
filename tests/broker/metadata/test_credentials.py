"""Users and tokens of the metadata log: the newest record of each counts, and a snapshot says it again."""

from odradek.broker.metadata.credentials import Credentials
from odradek.protocol.metadata_records import (
    DelegationTokenRecord,
    NoOpRecord,
    RemoveDelegationTokenRecord,
    RemoveUserScramCredentialRecord,
    UserScramCredentialRecord,
    encode_metadata_record,
)


def user(name: str, mechanism: int = 1, salt: bytes = b"salt") -> UserScramCredentialRecord:
    return UserScramCredentialRecord(name=name, mechanism=mechanism, salt=salt)


def replayed(*records: object) -> Credentials:
    credentials = Credentials()
    for record in records:
        assert credentials.replay(record)  # type: ignore[arg-type]
    return credentials


def test_the_newest_record_of_a_user_and_mechanism_counts() -> None:
    credentials = replayed(user("al"), user("al", 2), user("al", salt=b"other"))
    assert credentials.scram == {("al", 1): user("al", salt=b"other"), ("al", 2): user("al", 2)}


def test_what_is_removed_is_gone_and_may_be_removed_again() -> None:
    gone = RemoveUserScramCredentialRecord(name="al", mechanism=1)
    ended = RemoveDelegationTokenRecord(token_id="x")
    credentials = replayed(user("al"), gone, gone, DelegationTokenRecord(token_id="x"), ended, ended)
    assert list(credentials.records()) == []


def test_a_snapshot_has_users_before_tokens() -> None:
    token = DelegationTokenRecord(token_id="x", owner="User:al")
    credentials = replayed(token, user("al"))
    assert list(credentials.records()) == [encode_metadata_record(user("al")), encode_metadata_record(token)]


def test_other_records_are_none_of_its_business() -> None:
    assert not Credentials().replay(NoOpRecord())


def test_no_secret_is_shown() -> None:
    assert repr(replayed(user("al", salt=b"hidden"))) == "Credentials()"

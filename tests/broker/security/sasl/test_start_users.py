"""Users of the command line are in the metadata log once the broker is ready, with the passwords given."""

from odradek.broker.security.sasl.scram_credentials import ScramMechanism, make_credential, stored_credential
from odradek.broker.security.sasl.start_users import ensure_users
from odradek.broker.security.sasl.users import User, parse_users
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.errors import KafkaError

from ...conftest import Parts


def ensured(parts: Parts, *users: User) -> int:
    """How many records it took."""
    outcome: list[KafkaError | None] = []
    before = parts.metadata.end_offset
    ensure_users(parts.metadata, users, parts.threads, parts.runtime.random, outcome.append)
    assert outcome == [None]
    return parts.metadata.end_offset - before


def test_a_user_is_recorded_for_each_scram_mechanism_of_its_own(parts: Parts) -> None:
    assert ensured(parts, *parse_users(["al:secret", "bo:x:SCRAM-SHA-512", "cy:x:PLAIN"])) == 3
    scram = parts.metadata.image.credentials.scram
    assert set(scram) == {("al", 1), ("al", 2), ("bo", 2)}
    record = scram["al", 1]
    made = make_credential(ScramMechanism.SCRAM_SHA_256, "secret", record.salt, record.iterations)
    assert made == stored_credential(record)


def test_who_is_there_with_this_password_is_left_as_it_is(parts: Parts) -> None:
    (user,) = parse_users(["al:secret"])
    ensured(parts, user)
    before = dict(parts.metadata.image.credentials.scram)
    assert ensured(parts, user) == 0
    assert ensured(parts, User("al", "another", ("SCRAM-SHA-256",))) == 1
    scram = parts.metadata.image.credentials.scram
    assert scram["al", 2] == before["al", 2]
    assert scram["al", 1].stored_key != before["al", 1].stored_key


def test_passwords_are_worked_on_beside_the_loop() -> None:
    parts = Parts(threads=ManualThreads(holds=False))
    parts.threads.holds = True
    outcome: list[KafkaError | None] = []
    ensure_users(parts.metadata, parse_users(["al:secret"]), parts.threads, parts.runtime.random, outcome.append)
    assert parts.threads.held == 1
    assert parts.metadata.image.credentials.scram == {}
    parts.threads.finish_all()
    assert outcome == [None]
    assert len(parts.metadata.image.credentials.scram) == 2

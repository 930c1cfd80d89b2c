"""SCRAM's arithmetic (RFC 5802): what a password becomes, and what proves that somebody has it. Pure."""

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import IntEnum

from ....protocol.metadata_records import UserScramCredentialRecord

MIN_ITERATIONS = 4096
MAX_ITERATIONS = 16384


class ScramMechanism(IntEnum):
    """Kafka's numbers of the mechanisms, in requests and records alike."""

    SCRAM_SHA_256 = 1
    SCRAM_SHA_512 = 2

    @property
    def label(self) -> str:
        """The mechanism's name in SASL."""
        return self.name.replace("_", "-")

    @property
    def hash_name(self) -> str:
        """As hashlib calls its digest."""
        return "sha256" if self is ScramMechanism.SCRAM_SHA_256 else "sha512"


BY_LABEL = {mechanism.label: mechanism for mechanism in ScramMechanism}


@dataclass(frozen=True, slots=True)
class ScramCredential:
    """What is stored of a password: enough to recognise it, and not to use it elsewhere."""

    salt: bytes = field(repr=False)
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)
    iterations: int


def stored_credential(record: UserScramCredentialRecord) -> ScramCredential:
    """What the metadata log has of a user."""
    return ScramCredential(record.salt, record.stored_key, record.server_key, record.iterations)


def credential_record(name: str, mechanism: ScramMechanism, credential: ScramCredential) -> UserScramCredentialRecord:
    """What the metadata log is to have of a user."""
    return UserScramCredentialRecord(
        name=name,
        mechanism=mechanism,
        salt=credential.salt,
        stored_key=credential.stored_key,
        server_key=credential.server_key,
        iterations=credential.iterations,
    )


def salted_password(mechanism: ScramMechanism, password: str, salt: bytes, iterations: int) -> bytes:
    """PBKDF2: milliseconds, in which the interpreter's lock is free."""
    return hashlib.pbkdf2_hmac(mechanism.hash_name, password.encode(), salt, iterations)


def credential_of(mechanism: ScramMechanism, salted: bytes, salt: bytes, iterations: int) -> ScramCredential:
    """What is stored, from a salted password."""
    client_key = hmac.digest(salted, b"Client Key", mechanism.hash_name)
    return ScramCredential(
        salt,
        hashlib.new(mechanism.hash_name, client_key).digest(),
        hmac.digest(salted, b"Server Key", mechanism.hash_name),
        iterations,
    )


def make_credential(mechanism: ScramMechanism, password: str, salt: bytes, iterations: int) -> ScramCredential:
    """What is stored of a password; takes milliseconds."""
    return credential_of(mechanism, salted_password(mechanism, password, salt, iterations), salt, iterations)


def is_proof(mechanism: ScramMechanism, credential: ScramCredential, proof: bytes, auth_message: bytes) -> bool:
    """Whether the proof is of one who has the password. ValueError if it has another length than proofs have."""
    signature = hmac.digest(credential.stored_key, auth_message, mechanism.hash_name)
    client_key = bytes(a ^ b for a, b in zip(signature, proof, strict=True))
    return hmac.compare_digest(hashlib.new(mechanism.hash_name, client_key).digest(), credential.stored_key)


def server_signature(mechanism: ScramMechanism, credential: ScramCredential, auth_message: bytes) -> bytes:
    """What proves to the client that the server has its credential."""
    return hmac.digest(credential.server_key, auth_message, mechanism.hash_name)

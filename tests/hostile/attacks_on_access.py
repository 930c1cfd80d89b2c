"""Attacks on access rules: a user who may do nothing asks for very much, beside many rules for others."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from odradek.broker.security.authorization.acl import Operation, PatternType, Permission, ResourceType
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
)
from odradek.protocol.messages.create_acls import AclCreation, CreateAclsRequest, CreateAclsResponse
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from odradek.protocol.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic
from odradek.protocol.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from odradek.protocol.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from .attack import Attacker
from .attacks_on_logins import SETTINGS as LOGINS
from .bystander import PATIENCE_S

SETTINGS = {**LOGINS, "authorizer.class.name": "StandardAuthorizer", "super.users": "User:ANONYMOUS"}
RULES = 10_000
AT_ONCE = 1000
PREFIXES = 50


def many_rules(attacker: Attacker) -> None:
    """Rules for the attacker, too, whose names are like those that it will ask for."""
    for first in range(0, RULES, AT_ONCE):
        rules = [_rule(number) for number in range(first, first + AT_ONCE)]
        answer = attacker.ask(CreateAclsRequest(creations=rules), 3, CreateAclsResponse)
        assert answer is not None
        assert not any(one.error_code for one in answer.results)


def _rule(number: int) -> AclCreation:
    is_prefix = number % (RULES // PREFIXES) == 0
    return AclCreation(
        resource_type=ResourceType.TOPIC,
        resource_name="n" * (number // (RULES // PREFIXES)) + "x" if is_prefix else f"other-{number}",
        resource_pattern_type=PatternType.PREFIXED if is_prefix else PatternType.LITERAL,
        principal="User:al",
        host="*",
        operation=Operation.READ,
        permission_type=Permission.DENY if number % 2 else Permission.ALLOW,
    )


def ask_for_what_is_denied(attacker: Attacker) -> None:
    """Each kind of question about so many names, one after the other."""
    for request, version in _questions([f"{'n' * 40}{number}" for number in range(attacker.size)]):
        with _logged_in(attacker) as wire, suppress(ClosedByPeer, ConnectionError):
            wire.send(request, version)
            wire.receive_frame()


def _questions(names: Sequence[str]) -> Iterator[tuple[Any, int]]:
    yield MetadataRequest(topics=[MetadataRequestTopic(name=name) for name in names]), 12
    yield FindCoordinatorRequest(key_type=0, coordinator_keys=names), 4
    yield DescribeGroupsRequest(groups=names), 5
    yield DeleteTopicsRequest(topics=[DeleteTopicState(name=name, topic_id=bytes(16)) for name in names]), 6
    yield (
        CreateTopicsRequest(
            topics=[CreatableTopic(name=name, num_partitions=1, replication_factor=1) for name in names]
        ),
        7,
    )
    described = [DescribeConfigsResource(resource_type=2, resource_name=name, configuration_keys=[]) for name in names]
    yield DescribeConfigsRequest(resources=described), 4
    deletions = [ScramCredentialDeletion(name=name, mechanism=1) for name in names]
    yield AlterUserScramCredentialsRequest(deletions=deletions), 0


def _logged_in(attacker: Attacker) -> Wire:
    wire = Wire(attacker.login_address, client_id="attacker", timeout_s=PATIENCE_S)
    wire.ask(SaslHandshakeRequest(mechanism="PLAIN"), 1, SaslHandshakeResponse)
    answer = wire.ask(SaslAuthenticateRequest(auth_bytes=b"\0al\0secret"), 2, SaslAuthenticateResponse)
    assert answer.error_code == 0
    return wire

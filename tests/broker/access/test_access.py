"""What one client may do, and how it is told."""

import pytest

from odradek.broker.access.access import Access
from odradek.broker.context import client_of
from odradek.broker.security.authorization.acl import Operation, ResourceType
from odradek.broker.security.authorization.authorizer import Client
from odradek.broker.session import Session
from odradek.broker.slices import run_to_end
from odradek.protocol.messages.describe_groups import DescribedGroup

from .secured_broker import CLUSTER, CLUSTER_NAME, GROUP, TOPIC, SecuredBroker


def access_of(broker: SecuredBroker) -> Access:
    assert broker.context.acls is not None
    return Access(broker.context.acls.authorizer, broker.session, broker.context, "produce")


def test_a_client_is_its_user_at_its_address() -> None:
    assert client_of(Session("/10.0.0.1", "127.0.0.1", 9092, user="alice")) == Client("User:alice", "10.0.0.1")


def test_operations_are_bits_of_what_can_be_done_to_a_resource() -> None:
    broker = SecuredBroker()
    access = access_of(broker)
    assert access.operations(TOPIC, "t") == 0
    broker.allow(TOPIC, "t", Operation.READ)
    assert access.operations(TOPIC, "t") == 1 << Operation.READ | 1 << Operation.DESCRIBE
    broker.allow(TOPIC, "t", Operation.ALL)
    broker.allow(GROUP, "g", Operation.ALL)
    broker.allow(CLUSTER, CLUSTER_NAME, Operation.ALL)
    all_of = [access.operations(*one) for one in ((TOPIC, "t"), (GROUP, "g"), (CLUSTER, CLUSTER_NAME))]
    assert all_of == [3576, 3400, 8096]


def test_operations_are_told_where_they_were_asked_for() -> None:
    broker = SecuredBroker()
    broker.allow(GROUP, "g", Operation.DELETE)
    asked, not_asked = (
        DescribedGroup(group_id="g", authorized_operations=operations) for operations in (3400, -2147483648)
    )
    access_of(broker).tell_operations([asked, not_asked], "authorized_operations", GROUP, "group_id")
    assert asked.authorized_operations == 1 << Operation.DELETE | 1 << Operation.DESCRIBE
    assert not_asked.authorized_operations == -2147483648


def test_a_denial_is_a_line_that_says_who_wanted_what(capsys: pytest.CaptureFixture[str]) -> None:
    access = access_of(SecuredBroker())
    run_to_end(access.denied(Operation.WRITE, TOPIC, ["t"]))
    line = capsys.readouterr().err
    assert "authorizer: denied" in line
    for told in ("principal=User:ANONYMOUS", "host=127.0.0.1", "operation=WRITE", "on=TOPIC", "name=t", "api=produce"):
        assert told in line


def test_nameless_things_are_not_denied() -> None:
    broker = SecuredBroker()
    broker.allow(TOPIC, "mine", Operation.WRITE)
    access = access_of(broker)
    assert run_to_end(access.denied(Operation.WRITE, TOPIC, ["mine", "yours", None, "yours"])) == {"yours"}
    assert access.lacks_any(Operation.WRITE, TOPIC, ["mine", "yours"])
    assert not access.lacks_any(Operation.WRITE, TOPIC, ["mine"])
    assert access.may_somewhere(Operation.WRITE, ResourceType.TOPIC)
    assert not access.may_on_cluster(Operation.ALTER)

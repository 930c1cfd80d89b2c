"""The stage lets requests pass by their rules; a cluster without an authorizer does not have it."""

from odradek.broker.security.authorization.acl import Operation
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)

from ..handlers.broker_harness import AskedBroker
from .secured_broker import GROUP, SecuredBroker, code_of

BEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
DENIED, UNKNOWN_MEMBER = 30, 25


def test_a_request_is_denied_until_there_is_a_rule_for_it() -> None:
    broker = SecuredBroker()
    assert code_of(broker.serve(BEAT, 4, HeartbeatResponse)) == DENIED
    broker.allow(GROUP, "g", Operation.READ)
    assert code_of(broker.serve(BEAT, 4, HeartbeatResponse)) == UNKNOWN_MEMBER


def test_super_users_may_do_everything() -> None:
    broker = SecuredBroker({"super.users": "User:admin;User:ANONYMOUS"})
    assert code_of(broker.serve(BEAT, 4, HeartbeatResponse)) == UNKNOWN_MEMBER


def test_everybody_may_do_that_of_which_no_rule_speaks_where_the_setting_says_so() -> None:
    broker = SecuredBroker({"allow.everyone.if.no.acl.found": "True"})
    assert code_of(broker.serve(BEAT, 4, HeartbeatResponse)) == UNKNOWN_MEMBER
    broker.allow(GROUP, "g", Operation.DESCRIBE)
    assert code_of(broker.serve(BEAT, 4, HeartbeatResponse)) == DENIED


def test_what_everybody_may_is_not_asked() -> None:
    assert (
        code_of(
            SecuredBroker().serve(
                ApiVersionsRequest(client_software_name="c", client_software_version="1"), 3, ApiVersionsResponse
            )
        )
        == 0
    )


def test_without_an_authorizer_there_are_no_rules() -> None:
    assert AskedBroker().context.acls is None


def test_nobody_becomes_a_super_user_while_the_broker_runs_or_with_its_next_start() -> None:
    broker = SecuredBroker()
    change = AlterableConfig(name="super.users", config_operation=0, value="User:ANONYMOUS")
    resource = AlterConfigsResource(resource_type=4, resource_name="1", configs=[change])
    request = IncrementalAlterConfigsRequest(resources=[resource])
    broker.ask(request, 1, IncrementalAlterConfigsResponse)
    assert broker.context.metadata.image.configs[4, "1"] == {"super.users": "User:ANONYMOUS"}
    for _ in range(2):
        assert code_of(broker.serve(BEAT, 4, HeartbeatResponse)) == DENIED
        broker.restart()

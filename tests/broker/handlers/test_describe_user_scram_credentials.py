"""DescribeUserScramCredentials: there are no users."""

import pytest

from odradek.broker.handlers.describe_user_scram_credentials import handle_describe_user_scram_credentials
from odradek.protocol.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    UserName,
)

from .broker_harness import AskedBroker


def request_for(users: list[str] | None) -> DescribeUserScramCredentialsRequest:
    return DescribeUserScramCredentialsRequest(users=None if users is None else [UserName(name=one) for one in users])


@pytest.mark.parametrize("users", [None, []])
def test_all_there_are_is_none(users: list[str] | None) -> None:
    answer = AskedBroker().ask(request_for(users), 0, DescribeUserScramCredentialsResponse).answer
    assert (answer.error_code, answer.error_message, answer.results) == (0, "", [])


def test_each_user_is_missed_once_and_named_twice_is_an_error_of_its_own() -> None:
    answer = AskedBroker().ask(request_for(["b", "a", "b"]), 0, DescribeUserScramCredentialsResponse).answer
    assert [(one.user, one.error_code, one.error_message, one.credential_infos) for one in answer.results] == [
        ("b", 92, "Cannot describe SCRAM credentials for the same user twice in a single request: b", []),
        ("a", 91, "Attempt to describe a user credential that does not exist: a", []),
    ]


def test_the_handler_pauses_from_user_to_user() -> None:
    broker = AskedBroker()
    request = request_for([str(n) for n in range(20)])
    steps = handle_describe_user_scram_credentials(request, 0, broker.session, broker.context)
    assert sum(1 for _ in steps) == 20

"""The error table against Apache Kafka's own."""

from typing import Any

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError


def test_codes_and_names_are_kafkas(kafka_errors: list[dict[str, Any]]) -> None:
    assert {error["code"]: error["name"] for error in kafka_errors} == {code.value: code.name for code in ErrorCode}


def test_a_stock_client_retries_what_we_call_retriable(kafka_errors: list[dict[str, Any]]) -> None:
    assert {error["name"] for error in kafka_errors if error["retriable"]} == {
        code.name for code in ErrorCode if code.is_retriable
    }


def test_messages_are_kafkas_sentences(kafka_errors: list[dict[str, Any]]) -> None:
    for error in kafka_errors:
        if error["name"] != "NONE":
            assert ErrorCode(error["code"]).message == error["message"]


@pytest.mark.parametrize(("why", "message"), [("because", "because"), (None, "The group id does not exist.")])
def test_an_error_says_its_reason_or_kafkas_sentence(why: str | None, message: str) -> None:
    error = KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, why)
    assert error.message == message
    assert "GROUP_ID_NOT_FOUND" in str(error)

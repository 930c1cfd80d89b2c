"""Whatever a client asks, and in whatever version: an error that a fault answers with can be sent, and is there."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.apis import TABLE, Api
from odradek.broker.error_answers import error_answer
from odradek.protocol.codec import decode, encode_bytes
from odradek.protocol.errors import ErrorCode

from .conftest import Values

CODE = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS


def errors_in(value: object) -> set[int]:
    """The error codes anywhere in an answer."""
    found: set[int] = set()
    for name in getattr(value, "__slots__", ()):
        inner = getattr(value, name)
        if name == "error_code":
            found.add(inner)
        for item in inner if isinstance(inner, list | tuple) else ():
            found |= errors_in(item)
    return found


@pytest.mark.parametrize("api", TABLE.values(), ids=lambda api: api.name)
def test_every_api_can_be_answered_with_an_error(api: Api, values_of: Values) -> None:
    loaded = api.load()
    versions = st.sampled_from(range(api.first, api.last + 1))
    asked = versions.flatmap(lambda version: st.tuples(st.just(version), values_of(loaded.request, version)))

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(asked=asked)
    def answered(asked: tuple[int, Any]) -> None:
        version, body = asked
        answer = error_answer(body, loaded.response, version, CODE)
        if answer is None:
            return
        sent: Any = decode(loaded.response, version, encode_bytes(answer, version))
        assert CODE in errors_in(sent)

    answered()


def test_few_answers_have_no_place_for_an_error() -> None:
    """Those of requests that name nothing, in versions whose answers have no error for the whole."""
    without: set[str] = set()
    for api in TABLE.values():
        loaded = api.load()
        for version in range(api.first, api.last + 1):
            if error_answer(object(), loaded.response, version, CODE) is None:
                without.add(api.name)
    assert "produce" in without
    assert not without & {"join_group", "init_producer_id", "end_txn", "api_versions"}

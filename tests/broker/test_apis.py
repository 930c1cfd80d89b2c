"""The table: what is served can be loaded, decoded and encoded in every version, and nothing else is."""

from itertools import pairwise

import pytest

from odradek.broker.apis import TABLE, Api, apis_of
from odradek.broker.config.release import find_release, newest
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.codec import decoder, encoder
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.fetch import FetchResponse
from odradek.protocol.schema import declared


def test_a_line_is_found_by_its_key() -> None:
    assert {key: api.key for key, api in TABLE.items()} == {api.key: api.key for api in TABLE.values()}
    assert TABLE[ApiKey.FETCH].name == "fetch"


@pytest.mark.parametrize("api", TABLE.values(), ids=lambda api: api.name)
def test_every_served_version_is_declared_by_request_and_response(api: Api) -> None:
    loaded = api.load()
    for message in (loaded.request, loaded.response):
        life = declared(message)
        assert life.api_key == api.key
        assert api.first in life.versions
        assert api.last in life.versions
    for version in range(api.first, api.last + 1):
        assert loaded.decoder(version) is decoder(loaded.request, version)
        assert loaded.encoder(version) is encoder(loaded.response, version)


def test_the_ends_of_a_range_are_served_and_what_lies_beyond_is_not() -> None:
    api = Api(ApiKey.FETCH, 4, 18)
    assert [version for version in range(-1, 25) if api.serves(version)] == list(range(4, 19))
    assert api.listed_from == 4


def test_a_lower_minimum_may_be_listed_without_being_served() -> None:
    produce = TABLE[ApiKey.PRODUCE]
    assert (produce.listed_from, produce.first, produce.serves(0)) == (0, 3, False)


def test_an_api_is_loaded_once() -> None:
    assert TABLE[ApiKey.HEARTBEAT].load() is TABLE[ApiKey.HEARTBEAT].load()


def test_a_failure_has_the_error_of_its_version_where_that_has_one() -> None:
    fetch = TABLE[ApiKey.FETCH].load()
    answer = fetch.failure_answer(7)
    assert isinstance(answer, FetchResponse)
    assert (answer.error_code, answer.responses) == (ErrorCode.UNKNOWN_SERVER_ERROR, ())
    assert fetch.failure_answer(6) is None


@pytest.mark.parametrize("key", [ApiKey.PRODUCE, ApiKey.LIST_OFFSETS, ApiKey.OFFSET_COMMIT])
def test_a_failure_has_no_answer_where_every_error_belongs_to_a_partition(key: ApiKey) -> None:
    assert TABLE[key].load().failure_answer(TABLE[key].last) is None


def test_a_release_lists_what_both_it_and_this_broker_serve() -> None:
    assert apis_of(newest()) is TABLE
    older = apis_of(find_release("3.9"))
    assert (older[ApiKey.FETCH].first, older[ApiKey.FETCH].last) == (4, 17)  # it had 0-3 as well
    assert (older[ApiKey.PRODUCE].listed_from, older[ApiKey.PRODUCE].first, older[ApiKey.PRODUCE].last) == (0, 3, 11)
    assert older[ApiKey.END_TXN].serves(4)
    assert not older[ApiKey.END_TXN].serves(5)
    assert ApiKey.SHARE_FETCH not in older
    assert {ApiKey.DESCRIBE_TOPIC_PARTITIONS, ApiKey.CONSUMER_GROUP_HEARTBEAT} <= set(older)


def test_an_older_release_never_lists_what_a_newer_one_does_not() -> None:
    listed = [apis_of(find_release(f"3.{minor}")) for minor in range(3, 10)]
    for older, newer in pairwise(listed):
        assert set(older) <= set(newer)
        assert all(api.last <= newer[key].last for key, api in older.items())

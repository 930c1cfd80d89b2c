"""ApiVersions: what it lists, and whom it refuses."""

import pytest

from odradek.broker.apis import TABLE
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse

from ..clusters import Changes
from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, served


def ask(broker: AskedContext, version: int, name: str = "librdkafka", software: str = "2.15.0") -> ApiVersionsResponse:
    request = ApiVersionsRequest(client_software_name=name, client_software_version=software)
    return broker.ask(request, version, ApiVersionsResponse).answer


@pytest.mark.parametrize("version", served(ApiKey.API_VERSIONS))
def test_every_version_lists_the_same_ranges(version: int) -> None:
    answer = ask(AskedBroker(), version)
    assert answer.error_code == ErrorCode.NONE
    listed = {api.api_key: (api.min_version, api.max_version) for api in answer.api_keys}
    assert listed == {key: (api.listed_from, api.last) for key, api in TABLE.items()}


def test_produce_is_listed_from_version_0_because_librdkafka_asks_for_it_before_it_compresses() -> None:
    (produce,) = [api for api in ask(AskedBroker(), 4).api_keys if api.api_key == ApiKey.PRODUCE]
    assert (produce.min_version, TABLE[ApiKey.PRODUCE].first) == (0, 3)


def test_features_whose_minimum_is_0_are_shown_to_version_4_only() -> None:
    broker = AskedBroker()
    assert [f.name for f in ask(broker, 3).supported_features] == ["metadata.version"]
    features = {f.name: (f.min_version, f.max_version) for f in ask(broker, 4).supported_features}
    assert features == {
        "metadata.version": (7, 30),
        "transaction.version": (0, 2),
        "group.version": (0, 1),
        "share.version": (0, 1),
        "streams.version": (0, 1),
    }


@pytest.mark.parametrize("version", [3, 4])
def test_the_finalized_level_of_a_feature_is_the_one_on_record(version: int) -> None:
    broker = AskedBroker()
    levels = {f.name: (f.min_version_level, f.max_version_level) for f in ask(broker, version).finalized_features}
    assert levels == {
        "metadata.version": (30, 30),
        "transaction.version": (2, 2),
        "group.version": (1, 1),
        "share.version": (1, 1),
        "streams.version": (1, 1),
    }
    Changes(broker.context.metadata).set_features({"transaction.version": 0})
    broker.restart()
    left = [f.name for f in ask(broker, version).finalized_features]
    assert left == ["metadata.version", "group.version", "share.version", "streams.version"]


def test_the_epoch_of_the_features_grows_with_the_log_of_the_cluster() -> None:
    broker = AskedBroker()
    before = ask(broker, 3).finalized_features_epoch
    broker.create()
    assert ask(broker, 3).finalized_features_epoch > before >= 0


@pytest.mark.parametrize("bad", ["", "a b", "-a", "a-", "a_b", "é", ".a"])
def test_a_software_name_or_version_that_is_none_is_refused(bad: str) -> None:
    broker = AskedBroker()
    for answer in (ask(broker, 3, name=bad), ask(broker, 4, software=bad)):
        assert (answer.error_code, answer.api_keys) == (ErrorCode.INVALID_REQUEST, [])
    assert broker.session.software_name == ""


def test_the_software_is_remembered_of_its_connection() -> None:
    broker = AskedBroker()
    ask(broker, 3, name="a" * 300, software="1.0-rc.1")
    assert (broker.session.software_name, broker.session.software_version) == ("a" * 300, "1.0-rc.1")


def test_several_brokers_keep_eligible_leaders_from_the_start_and_say_so() -> None:
    brokers = ThreeBrokers()
    name = "eligible.leader.replicas.version"
    for node in brokers.running:
        answer = ask(node, 4)
        supported = {f.name: (f.min_version, f.max_version) for f in answer.supported_features}
        assert supported[name] == (0, 1)
        assert {f.name: f.max_version_level for f in answer.finalized_features}[name] == 1
    epochs = {ask(node, 4).finalized_features_epoch for node in brokers.running}
    assert epochs == {brokers.around.log.end_offset}


@pytest.mark.parametrize(("release", "level"), [("3.9", None), ("4.0", 0), ("4.1", 1)])
def test_older_releases_kept_them_later(release: str, level: int | None) -> None:
    answer = ask(ThreeBrokers({"odradek.as.version": release})[1], 4 if release > "3.9" else 3)
    name = "eligible.leader.replicas.version"
    supported = {f.name for f in answer.supported_features}
    finalized = {f.name: f.max_version_level for f in answer.finalized_features}
    assert ((finalized.get(name, 0) if name in supported else None), name in finalized) == (level, bool(level))

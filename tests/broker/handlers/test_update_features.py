import pytest

from odradek.broker.testing.disks import FULL
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from odradek.protocol.messages.update_features import (
    FeatureUpdateKey,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)
from odradek.protocol.metadata_records import ConfigResourceType

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext

UPGRADE, SAFE, UNSAFE = 1, 2, 3
TRANSACTIONS, METADATA = "transaction.version", "metadata.version"


def level(broker: AskedBroker) -> int:
    """transaction.version as clients are told it; 0 where it is not listed."""
    request = ApiVersionsRequest(client_software_name="a", client_software_version="1")
    found = broker.ask(request, 4, ApiVersionsResponse).answer.finalized_features
    return {feature.name: feature.max_version_level for feature in found}.get(TRANSACTIONS, 0)


def ask(
    broker: AskedContext, *updates: tuple[str, int, int], version: int = 2, is_only_tried: bool = False
) -> UpdateFeaturesResponse:
    keys = [FeatureUpdateKey(feature=name, max_version_level=to, upgrade_type=kind) for name, to, kind in updates]
    request = UpdateFeaturesRequest(feature_updates=keys, validate_only=is_only_tried)
    return broker.ask(request, version, UpdateFeaturesResponse).answer


@pytest.mark.parametrize("version", [1, 2])
def test_a_level_counts_at_once_and_after_a_restart(version: int) -> None:
    broker = AskedBroker()
    for to, kind in ((1, SAFE), (0, UNSAFE), (2, UPGRADE)):
        answer = ask(broker, (TRANSACTIONS, to, kind), version=version)
        assert (answer.error_code, answer.error_message) == (0, None)
        assert [one.feature for one in answer.results] == ([TRANSACTIONS] if version == 1 else [])
        assert level(broker) == to
        broker.restart(is_clean=False)
        assert level(broker) == to


def test_version_0_can_only_raise() -> None:
    broker = AskedBroker()
    key = FeatureUpdateKey(feature=TRANSACTIONS, max_version_level=1, allow_downgrade=True)
    refused = broker.ask(UpdateFeaturesRequest(feature_updates=[key]), 0, UpdateFeaturesResponse).answer
    assert refused.error_code == ErrorCode.INVALID_UPDATE_VERSION
    ask(broker, (TRANSACTIONS, 0, SAFE))
    key = FeatureUpdateKey(feature=TRANSACTIONS, max_version_level=2)
    assert broker.ask(UpdateFeaturesRequest(feature_updates=[key]), 0, UpdateFeaturesResponse).answer.error_code == 0
    assert level(broker) == 2


def test_trying_changes_nothing() -> None:
    broker = AskedBroker()
    assert ask(broker, (TRANSACTIONS, 1, SAFE), is_only_tried=True).error_code == 0
    assert level(broker) == 2


@pytest.mark.parametrize(
    ("name", "to", "kind", "why"),
    [
        ("nope", 1, UPGRADE, "version 1 for feature nope. Local controller 1 does not support this feature."),
        ("nope", 0, SAFE, "version 0 for feature nope. Feature nope not found."),
        (TRANSACTIONS, 3, UPGRADE, "Local controller 1 only supports versions 0-2"),
        (TRANSACTIONS, -1, UPGRADE, "A feature version cannot be less than 0."),
        (TRANSACTIONS, 1, 7, "The controller does not support the given upgrade type."),
        (TRANSACTIONS, 1, UPGRADE, "to either safe or unsafe downgrade."),
        (METADATA, 29, SAFE, "because it might delete metadata information."),
        (METADATA, 29, UNSAFE, "Unsafe metadata downgrade is not supported in this version."),
    ],
)
def test_one_wrong_level_keeps_every_other_from_being_set(name: str, to: int, kind: int, why: str) -> None:
    broker = AskedBroker()
    answer = ask(broker, (TRANSACTIONS, 1, SAFE), (name, to, kind))
    assert answer.error_code == ErrorCode.INVALID_UPDATE_VERSION
    assert answer.error_message is not None
    assert answer.error_message.startswith("The update failed for all features since the following feature had an")
    assert answer.error_message.endswith(why)
    assert level(broker) == 2


def test_a_downgrade_cannot_raise() -> None:
    broker = AskedBroker()
    ask(broker, (TRANSACTIONS, 0, SAFE))
    answer = ask(broker, (TRANSACTIONS, 1, SAFE))
    assert answer.error_message is not None
    assert answer.error_message.endswith("Can't downgrade to a newer version.")


def test_a_level_that_cannot_be_recorded_does_not_count() -> None:
    broker = AskedBroker()
    broker.files.write_error = FULL
    assert ask(broker, (TRANSACTIONS, 1, SAFE)).error_code == ErrorCode.KAFKA_STORAGE_ERROR
    assert level(broker) == 2


# Several brokers


ELIGIBLE = "eligible.leader.replicas.version"


def test_a_cluster_may_stop_to_keep_eligible_leaders_and_begin_again_with_one_minimum_for_all() -> None:
    brokers = ThreeBrokers({"min.insync.replicas": "2"}, features={ELIGIBLE: 0})
    of_all = (ConfigResourceType.BROKER, "")
    assert of_all not in brokers.controller.cluster.image.configs
    assert ask(brokers[2], (ELIGIBLE, 1, UPGRADE)).error_code == 0
    assert brokers.controller.cluster.image.configs[of_all] == {"min.insync.replicas": "2"}
    assert brokers.controller.cluster.has_eligible_leaders
    assert ask(brokers[3], (ELIGIBLE, 0, SAFE)).error_code == 0
    assert not brokers.controller.cluster.has_eligible_leaders


def test_a_level_that_there_is_not_is_refused_by_the_controller() -> None:
    answer = ask(ThreeBrokers()[1], (ELIGIBLE, 2, UPGRADE))
    assert answer.error_message is not None
    assert answer.error_message.endswith("Local controller 3000 only supports versions 0-1")


def test_a_broker_alone_has_no_eligible_leaders_to_keep() -> None:
    assert ask(AskedBroker(), (ELIGIBLE, 1, UPGRADE)).error_code == ErrorCode.INVALID_UPDATE_VERSION

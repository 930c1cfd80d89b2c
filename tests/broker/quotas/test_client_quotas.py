"""The quotas in force follow the metadata, and say who waits, and for how long."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage, QuotaEntity, quota_record
from odradek.broker.quotas.client_quotas import ClientQuotas, Mutations
from odradek.broker.quotas.entities import CLIENT_ID, USER, entity_of
from odradek.broker.session import RequestMeter, Session
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import encode_metadata_record

SHOP = entity_of([(CLIENT_ID, "shop")])
NOW = 100.0
NOW_MS = 100_000


class Quotas:
    """Quotas over an image that a test changes."""

    def __init__(self, **settings: str) -> None:
        config = BrokerConfig.from_settings({name.replace("_", "."): value for name, value in settings.items()})
        self.image = MetadataImage()
        self.in_force = ClientQuotas(config, self.image)
        self.session = Session("/10.0.0.7", "10.0.0.1", 9092, client_id="shop")

    def set(self, key: str, value: float | None, entity: QuotaEntity = SHOP) -> None:
        delta = MetadataDelta()
        self.image.replay(encode_metadata_record(quota_record(entity, key, value)), delta)
        self.in_force.on_delta(delta, self.image)

    def mutations(self, now: float, *, is_strict: bool) -> Mutations:
        return self.in_force.mutations(self.session, now, is_strict=is_strict)


def test_nothing_is_asked_while_there_are_no_quotas_of_clients() -> None:
    quotas = Quotas()
    assert not quotas.in_force.is_active
    quotas.set("producer_byte_rate", 1000)
    assert quotas.in_force.is_active
    quotas.set("producer_byte_rate", None)
    assert not quotas.in_force.is_active
    quotas.set("connection_creation_rate", 1, entity_of([("ip", None)]))
    assert not quotas.in_force.is_active


def test_quotas_that_were_recorded_before_the_start_hold() -> None:
    quotas = Quotas()
    quotas.set("producer_byte_rate", 1000)
    restarted = ClientQuotas(BrokerConfig(), quotas.image)
    assert restarted.is_active
    assert restarted.produce.record("ANONYMOUS", "shop", 20_000, NOW_MS) == 10_000


def test_each_kind_has_its_own_sum() -> None:
    quotas = Quotas()
    quotas.set("producer_byte_rate", 1000)
    quotas.set("consumer_byte_rate", 1000)
    assert quotas.in_force.produce.record("ANONYMOUS", "shop", 10_000, NOW_MS) == 0
    assert quotas.in_force.fetch.record("ANONYMOUS", "shop", 10_000, NOW_MS) == 0
    assert quotas.in_force.produce.record("ANONYMOUS", "shop", 1000, NOW_MS) == 1000


def test_a_quota_of_a_user_is_used_up_by_all_its_clients() -> None:
    quotas = Quotas()
    quotas.set("producer_byte_rate", 1000, entity_of([(USER, "ANONYMOUS")]))
    assert quotas.in_force.produce.record("ANONYMOUS", "till", 10_000, NOW_MS) == 0
    assert quotas.in_force.produce.record("ANONYMOUS", "shop", 1000, NOW_MS) == 1000
    assert quotas.in_force.produce.record("ann", "shop", 1e9, NOW_MS) == 0


def test_another_bound_holds_for_what_was_used_before() -> None:
    quotas = Quotas()
    quotas.set("producer_byte_rate", 1e6)
    assert quotas.in_force.produce.record("ANONYMOUS", "shop", 20_000, NOW_MS) == 0
    quotas.set("producer_byte_rate", 1000)
    assert quotas.in_force.produce.record("ANONYMOUS", "shop", 0, NOW_MS) == 10_000


def test_the_window_is_as_the_settings_have_it() -> None:
    quotas = Quotas(quota_window_num="3", quota_window_size_seconds="5")
    quotas.set("producer_byte_rate", 1000)
    quotas.set("consumer_byte_rate", 1000)
    assert quotas.in_force.produce.record("ANONYMOUS", "shop", 20_000, NOW_MS) == 10_000
    assert quotas.in_force.fetch.most_at_once("ANONYMOUS", "shop") == 10_000
    assert quotas.in_force.fetch.most_at_once("ANONYMOUS", "till") is None


def test_the_time_of_requests_is_throttled_for_a_window_at_most() -> None:
    quotas = Quotas()
    quotas.set("request_percentage", 1)
    assert quotas.in_force.request.record("ANONYMOUS", "shop", 11, NOW_MS) == 1000
    assert quotas.in_force.request.record("ANONYMOUS", "shop", -0.5, NOW_MS) == 500


def test_a_fetch_that_is_throttled_has_fetched_nothing() -> None:
    quotas = Quotas()
    quotas.set("consumer_byte_rate", 1000)
    assert quotas.in_force.charge_fetch(quotas.session, 9000, NOW) == 0
    assert quotas.in_force.charge_fetch(quotas.session, 2000, NOW) == 1000
    assert quotas.in_force.charge_fetch(quotas.session, 1000, NOW) == 0


def test_a_fetch_waits_for_the_longer_of_its_bytes_and_its_time() -> None:
    quotas = Quotas()
    quotas.set("consumer_byte_rate", 1000)
    quotas.set("request_percentage", 1)
    session = quotas.session
    session.meter = meter = RequestMeter(50, NOW - 0.101)
    assert quotas.in_force.charge_fetch(session, 0, NOW) == 100
    assert meter.is_charged
    session.meter = RequestMeter(50, NOW - 10, handler_s=0.0)  # it has waited, which costs nothing
    assert quotas.in_force.charge_fetch(session, 20_000, NOW) == 10_000


def test_without_a_quota_any_number_of_changes_is_free() -> None:
    for mutations in (Quotas().mutations(NOW, is_strict=True), Mutations(is_strict=True)):
        mutations.record(1_000_000, NOW)
        mutations.record(1_000_000, NOW)
        assert mutations.throttle_ms(NOW) == 0


def test_a_strict_request_is_refused_once_the_bucket_is_below_zero() -> None:
    quotas = Quotas()
    quotas.set("controller_mutation_rate", 0.5)
    first = quotas.mutations(NOW, is_strict=True)
    first.record(20, NOW)  # of 5.5
    assert first.throttle_ms(NOW) == 0
    second = quotas.mutations(NOW, is_strict=True)
    with pytest.raises(KafkaError) as refused:
        second.record(1, NOW)
    assert refused.value.code == ErrorCode.THROTTLING_QUOTA_EXCEEDED
    assert second.throttle_ms(NOW) == 29_000
    assert second.throttle_ms(NOW + 1) == 28_000
    assert second.throttle_ms(NOW + 40) == 0
    quotas.mutations(NOW + 29, is_strict=True).record(1, NOW + 29)


def test_an_older_request_is_let_and_throttled() -> None:
    quotas = Quotas()
    quotas.set("controller_mutation_rate", 0.5)
    mutations = quotas.mutations(NOW, is_strict=False)
    mutations.record(5, NOW)
    assert mutations.throttle_ms(NOW) == 0
    mutations.record(5, NOW)
    assert mutations.throttle_ms(NOW) == 9000


def test_the_bucket_is_as_the_settings_have_it() -> None:
    quotas = Quotas(controller_quota_window_num="2", controller_quota_window_size_seconds="10")
    quotas.set("controller_mutation_rate", 1)
    mutations = quotas.mutations(NOW, is_strict=False)
    mutations.record(21, NOW)
    assert mutations.throttle_ms(NOW) == 1000

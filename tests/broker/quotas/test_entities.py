"""Who a quota is for, and which filter finds whom."""

import pytest

from odradek.broker.metadata.image import QuotaEntity
from odradek.broker.quotas.entities import (
    Component,
    Match,
    check_address,
    check_entity,
    check_filter,
    check_value,
    entity_of,
    fits,
)
from odradek.protocol.errors import ErrorCode, KafkaError

ALICE: QuotaEntity = (("user", "alice"),)
SHOP_OF_ALICE: QuotaEntity = (("client-id", "shop"), ("user", "alice"))
ALL_USERS: QuotaEntity = (("user", None),)
ADDRESS: QuotaEntity = (("ip", "127.0.0.9"),)


def of(kind: str, name: str | None) -> Component:
    return Component(kind, Match.DEFAULT if name is None else Match.EXACT, name)


@pytest.mark.parametrize(
    ("components", "is_strict", "found"),
    [
        ([], False, [ALICE, SHOP_OF_ALICE, ALL_USERS, ADDRESS]),
        ([], True, []),
        ([of("user", "alice")], False, [ALICE, SHOP_OF_ALICE]),
        ([of("user", "alice")], True, [ALICE]),
        ([of("user", None)], False, [ALL_USERS]),
        ([Component("user", Match.SPECIFIED, None)], False, [ALICE, SHOP_OF_ALICE, ALL_USERS]),
        ([of("client-id", "shop"), of("user", "alice")], True, [SHOP_OF_ALICE]),
        ([of("ip", "127.0.0.9")], False, [ADDRESS]),
        ([of("client-id", "other")], False, []),
    ],
)
def test_a_filter_finds_what_has_all_its_parts_and_strictly_no_more(
    components: list[Component], is_strict: bool, found: list[QuotaEntity]
) -> None:
    entities = [ALICE, SHOP_OF_ALICE, ALL_USERS, ADDRESS]
    assert [entity for entity in entities if fits(components, entity, is_strict=is_strict)] == found


@pytest.mark.parametrize(
    "components",
    [
        [Component("", 0, "a")],
        [Component("user", 9, None)],
        [Component("user", Match.EXACT, None)],
        [Component("user", Match.DEFAULT, "a")],
        [Component("animal", Match.EXACT, "cat")],
        [of("user", "a"), of("user", "b")],
        [of("user", "a"), of("ip", "127.0.0.1")],
    ],
)
def test_what_is_no_filter_is_refused(components: list[Component]) -> None:
    with pytest.raises(KafkaError):
        check_filter(components)


@pytest.mark.parametrize("entity", [(), (("animal", "cat"),), (("user", ""),), (("ip", "127.0.0.1"), ("user", "a"))])
def test_what_is_no_entity_is_refused(entity: QuotaEntity) -> None:
    with pytest.raises(KafkaError) as refused:
        check_entity(entity)
    assert refused.value.code == ErrorCode.INVALID_REQUEST


def test_addresses_are_addresses_and_nobody_is_asked_for_a_name() -> None:
    for text in ("127.0.0.1", "::1", "localhost", None):
        check_address((("ip", text),))
    for text in ("a b", "example.com", "1.2.3"):
        with pytest.raises(KafkaError):
            check_address((("ip", text),))


@pytest.mark.parametrize(
    ("entity", "key", "value"),
    [
        (ALICE, "no.such", 1.0),
        (ALICE, "connection_creation_rate", 1.0),
        (ADDRESS, "producer_byte_rate", 1.0),
        (ALICE, "producer_byte_rate", 0.0),
        (ALICE, "producer_byte_rate", -1.0),
        (ALICE, "producer_byte_rate", 0.5),
        (ALICE, "producer_byte_rate", float("nan")),
        (ALICE, "producer_byte_rate", float("inf")),
        (ADDRESS, "connection_creation_rate", 2.0**31),
    ],
)
def test_what_is_no_quota_is_refused(entity: QuotaEntity, key: str, value: float) -> None:
    with pytest.raises(KafkaError) as refused:
        check_value(entity, key, value)
    assert refused.value.code == ErrorCode.INVALID_REQUEST


def test_what_is_one_is_taken() -> None:
    for key, value in (("producer_byte_rate", 1.0), ("request_percentage", 0.5), ("controller_mutation_rate", 7.5)):
        check_value(ALICE, key, value)
    check_value(ADDRESS, "connection_creation_rate", 2.0**31 - 1)


def test_an_entity_is_kept_in_one_form() -> None:
    assert entity_of([("user", "alice"), ("client-id", "shop")]) == SHOP_OF_ALICE

"""Which quota holds for whom: all eight places, in Kafka's order."""

import itertools

import pytest

from odradek.broker.metadata.image import QuotaEntity
from odradek.broker.quotas.entities import CLIENT_ID, USER, entity_of
from odradek.broker.quotas.limits import Bucket, Limits

BOTH, OF_USER, OF_CLIENT = Bucket("ann", "shop"), Bucket("ann", ""), Bucket("", "shop")
# The most specific first, each with who shares it.
PLACES: list[tuple[QuotaEntity, Bucket]] = [
    (entity_of([(USER, "ann"), (CLIENT_ID, "shop")]), BOTH),
    (entity_of([(USER, "ann"), (CLIENT_ID, None)]), BOTH),
    (entity_of([(USER, "ann")]), OF_USER),
    (entity_of([(USER, None), (CLIENT_ID, "shop")]), BOTH),
    (entity_of([(USER, None), (CLIENT_ID, None)]), BOTH),
    (entity_of([(USER, None)]), OF_USER),
    (entity_of([(CLIENT_ID, "shop")]), OF_CLIENT),
    (entity_of([(CLIENT_ID, None)]), OF_CLIENT),
]


def limits(*places: int) -> Limits:
    """The bound of each place is its number."""
    found = Limits()
    for place in places:
        found.set(PLACES[place][0], float(place))
    return found


@pytest.mark.parametrize("place", range(8))
def test_each_place_holds_where_it_is_alone(place: int) -> None:
    assert limits(place).find("ann", "shop") == (PLACES[place][1], place)


@pytest.mark.parametrize("places", [c for n in range(2, 9) for c in itertools.combinations(range(8), n)])
def test_of_several_the_most_specific_holds(places: tuple[int, ...]) -> None:
    assert limits(*reversed(places)).find("ann", "shop") == (PLACES[places[0]][1], places[0])


@pytest.mark.parametrize("place", range(8))
def test_a_quota_by_name_is_for_nobody_else(place: int) -> None:
    entity = dict(PLACES[place][0])
    is_for_other_user = entity.get(USER) is None
    is_for_other_client = entity.get(CLIENT_ID) is None
    assert (limits(place).find("bob", "shop") is not None) == is_for_other_user
    assert (limits(place).find("ann", "till") is not None) == is_for_other_client


def test_a_quota_of_a_user_is_shared_by_its_client_ids() -> None:
    found = limits(2)
    assert found.find("ann", "shop") == found.find("ann", "till") == (Bucket("ann", ""), 2)


def test_a_default_is_each_ones_own() -> None:
    assert [limits(5).find(user, "shop") for user in ("ann", "bob")] == [(Bucket("ann", ""), 5), (Bucket("bob", ""), 5)]
    assert [limits(7).find("ann", client) for client in ("a", "b")] == [(Bucket("", "a"), 7), (Bucket("", "b"), 7)]
    assert [limits(4).find("bob", client) for client in ("a", "b")] == [
        (Bucket("bob", "a"), 4),
        (Bucket("bob", "b"), 4),
    ]


def test_a_client_without_an_id_has_no_part_in_the_quotas_of_ids() -> None:
    assert limits(7).find("ann", "") is None
    assert limits(1, 4).find("ann", "") is None
    assert limits(1, 4, 5, 7).find("ann", "") == (Bucket("ann", ""), 5)


def test_a_quota_that_is_taken_back_holds_no_more() -> None:
    found = limits(2, 7)
    found.set(PLACES[2][0], None)
    assert (found.find("ann", "shop"), len(found)) == ((OF_CLIENT, 7), 1)
    found.set(PLACES[2][0], None)
    found.set(PLACES[7][0], None)
    assert (found.find("ann", "shop"), len(found)) == (None, 0)


def test_what_was_found_before_is_found_anew_once_a_quota_changes() -> None:
    found = limits(7)
    assert found.find("ann", "shop") == (OF_CLIENT, 7)
    found.set(PLACES[2][0], 2.0)
    assert found.find("ann", "shop") == (OF_USER, 2)


def test_any_number_of_clients_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odradek.broker.quotas.limits.MOST_FOUND", 3)
    found = limits(7)
    for n in range(10):
        assert found.find("ann", f"c{n}") == (Bucket("", f"c{n}"), 7)

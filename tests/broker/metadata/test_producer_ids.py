"""Producer ids are never handed out twice."""

import pytest

from odradek.broker.metadata.producer_ids import BLOCK_SIZE, ProducerIds
from odradek.protocol.errors import KafkaError

from ..conftest import Parts


def take(parts: Parts, count: int) -> list[int]:
    ids = ProducerIds(parts.metadata)
    taken: list[int] = []

    def take_one(error: KafkaError | None) -> None:
        assert error is None
        taken.append(ids.next_id())

    for _ in range(count):
        ids.when_available(take_one)
    return taken


@pytest.mark.parametrize("is_clean", [True, False])
def test_each_start_takes_a_new_block(parts: Parts, is_clean: bool) -> None:
    first = take(parts, 3)
    parts.restart(is_clean=is_clean)
    second = take(parts, 3)
    assert (first, second) == ([0, 1, 2], [BLOCK_SIZE, BLOCK_SIZE + 1, BLOCK_SIZE + 2])


def test_ids_go_on_over_the_end_of_a_block(parts: Parts) -> None:
    assert take(parts, BLOCK_SIZE + 2) == list(range(BLOCK_SIZE + 2))

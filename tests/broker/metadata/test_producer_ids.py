"""Producer ids are never handed out twice."""

import pytest

from odradek.broker.metadata.producer_ids import BLOCK_SIZE, ProducerIds
from odradek.broker.testing.disks import FULL, FailingFiles
from odradek.protocol.errors import ErrorCode, KafkaError

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


def test_without_a_block_no_id_is_handed_out(parts: Parts) -> None:
    with pytest.raises(KafkaError) as refused:
        ProducerIds(parts.metadata).next_id()
    assert refused.value.code == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS


def test_while_an_id_is_left_no_block_is_taken(parts: Parts) -> None:
    ids = ProducerIds(parts.metadata)
    for _ in range(3):
        ids.when_available(lambda error: None)
    assert (parts.metadata.image.next_producer_id, ids.next_id()) == (BLOCK_SIZE, 0)


def test_a_block_that_cannot_be_recorded_is_asked_for_again() -> None:
    files = FailingFiles()
    parts = Parts(files=files)
    ids = ProducerIds(parts.metadata)
    failures: list[KafkaError | None] = []
    files.write_error = FULL
    ids.when_available(failures.append)
    files.write_error = None
    ids.when_available(failures.append)
    assert [failure and failure.code for failure in failures] == [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, None]
    assert ids.next_id() == 0


def test_ids_that_others_have_are_skipped(parts: Parts) -> None:
    ids = ProducerIds(parts.metadata)
    ids.when_available(lambda error: None)
    heard: list[KafkaError | None] = []
    ids.skip(5, heard.append)  # of the block at hand
    assert (ids.next_id(), parts.metadata.image.next_producer_id) == (5, BLOCK_SIZE)
    ids.skip(3, heard.append)
    assert ids.next_id() == 6
    ids.skip(2500, heard.append)  # beyond it
    ids.when_available(heard.append)
    assert (ids.next_id(), parts.metadata.image.next_producer_id) == (2500, 2500 + BLOCK_SIZE)
    assert heard == [None] * 4

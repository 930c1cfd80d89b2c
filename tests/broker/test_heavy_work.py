"""Heavy work on one thread: turns between clients, nothing for who has gone, a bound on what waits."""

from dataclasses import dataclass, field
from functools import partial

from odradek.broker.heavy_work import MOST_WAITING_BYTES, HeavyWork
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.errors import ErrorCode, KafkaError


@dataclass
class Workshop:
    """Pieces named by who gave them, done when the test says so."""

    threads: ManualThreads = field(default_factory=lambda: ManualThreads(holds=True))
    begun: list[str] = field(default_factory=list[str])
    ended: list[str] = field(default_factory=list[str])
    refused: list[Exception] = field(default_factory=list[Exception])
    gone: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.heavy = HeavyWork(self.threads)

    def give(self, client: str, piece: str, size_bytes: int = 1) -> None:
        def then(error: Exception | None) -> None:
            if error is None:
                self.ended.append(piece)
            else:
                self.refused.append(error)

        self.heavy.run(client, partial(self.begun.append, piece), then, lambda: client not in self.gone, size_bytes)


def test_one_piece_is_worked_on_at_a_time() -> None:
    shop = Workshop()
    for piece in ("a1", "a2"):
        shop.give("a", piece)
    assert shop.threads.held == 1
    shop.threads.finish_all()
    assert shop.begun == shop.ended == ["a1", "a2"]


def test_clients_take_turns() -> None:
    shop = Workshop()
    for piece in ("a1", "a2", "a3", "a4"):
        shop.give("a", piece)
    for piece in ("b1", "b2"):
        shop.give("b", piece)
    shop.give("c", "c1")
    shop.threads.finish_all()
    assert shop.begun == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


def test_nothing_is_done_for_a_client_that_has_gone() -> None:
    shop = Workshop()
    for piece in ("a1", "a2", "a3"):
        shop.give("a", piece)
    shop.give("b", "b1")
    shop.gone.add("a")
    shop.threads.finish_all()
    assert shop.begun == ["a1", "b1"]  # the first had been begun


def test_what_waits_is_bounded_and_who_has_gone_does_not_count() -> None:
    shop = Workshop()
    shop.give("a", "a1", MOST_WAITING_BYTES)
    shop.give("b", "b1", MOST_WAITING_BYTES)
    shop.give("c", "c1", MOST_WAITING_BYTES)
    assert [error.code for error in shop.refused if isinstance(error, KafkaError)] == [ErrorCode.REQUEST_TIMED_OUT]
    shop.gone.add("b")
    shop.give("d", "d1", MOST_WAITING_BYTES)
    shop.threads.finish_all()
    assert shop.begun == ["a1", "d1"]
    assert len(shop.refused) == 1


def test_after_a_stop_what_waited_is_not_begun() -> None:
    shop = Workshop()
    for piece in ("a1", "a2"):
        shop.give("a", piece)
    shop.heavy.stop()
    shop.threads.finish_all()
    assert shop.ended == ["a1"]


def test_a_piece_whose_follow_up_fails_keeps_nothing_from_its_turn() -> None:
    shop = Workshop()

    def fail(error: Exception | None) -> None:
        raise RuntimeError

    shop.heavy.run("a", lambda: None, fail, lambda: True, 1)
    shop.give("a", "a2")
    try:
        shop.threads.finish()
    except RuntimeError:
        shop.threads.finish_all()
    assert shop.ended == ["a2"]

"""Offsets outside transactions: they only grow, and are read back by the group that committed them."""

import pytest

from odradek.broker.tools.verify.history import Commit, Committed, Phase
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.offset_committer import OffsetCommitter

from .driven import Driven
from .model_broker import ModelConsumer

COMMITS, READS = 0.0, 0.9


@pytest.fixture
def driven() -> Driven:
    return Driven()


def test_it_commits_growing_offsets_of_its_own_group(driven: Driven) -> None:
    worker = driven.made(OffsetCommitter("c", driven.run, driven.library))
    for _ in range(20):
        worker.random.values[:0] = [COMMITS]  # type: ignore[attr-defined]
        worker.turn()
    commits = driven.details(Commit)
    assert {commit.group for commit in commits} == {"run-c"}
    for where in driven.plan.partitions([driven.plan.plain]):
        offsets = [commit.offset for commit in commits if commit.where == where]
        assert offsets == sorted(set(offsets))
        assert driven.broker.groups["run-c", where] == offsets[-1]


def test_it_reads_back_what_it_committed_and_none_where_there_is_nothing(driven: Driven) -> None:
    worker = driven.made(OffsetCommitter("c", driven.run, driven.library), READS, 0.9, 0.9)
    worker.turn()
    assert {read.offset for read in driven.details(Committed)} == {None}
    worker.random.values[:] = [COMMITS, 0.9, 0.9]  # type: ignore[attr-defined]
    worker.turn()
    worker.random.values[:] = [READS, 0.9, 0.9]  # type: ignore[attr-defined]
    worker.turn()
    (commit,) = driven.details(Commit)
    assert (commit.where, commit.offset) in {(read.where, read.offset) for read in driven.details(Committed)}


def test_now_and_then_it_looks_at_what_the_copiers_committed(driven: Driven) -> None:
    worker = driven.made(OffsetCommitter("c", driven.run, driven.library), COMMITS, 0.0)
    worker.turn()
    assert {read.group for read in driven.details(Committed)} == {driven.plan.pipelines[0].group}


def test_a_commit_that_fails_is_indeterminate_and_is_not_tried_again(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(consumer: object, offsets: object, timeout_s: float) -> None:
        raise ClientError("broker away")

    worker = driven.made(OffsetCommitter("c", driven.run, driven.library), COMMITS)
    with monkeypatch.context() as patched:
        patched.setattr(ModelConsumer, "commit", fail)
        with pytest.raises(ClientError):
            worker.turn()
    (lost,) = driven.details(Commit, Phase.INFO)
    assert driven.details(Commit) == []
    for _ in range(20):
        worker.random.values[:] = [COMMITS]  # type: ignore[attr-defined]
        worker.turn()
    later = [commit.offset for commit in driven.details(Commit) if commit.where == lost.where]
    assert later
    assert min(later) > lost.offset


def test_a_client_that_cannot_be_closed_is_told_of_and_left(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(consumer: object) -> None:
        raise ClientError("broker away")

    worker = driven.made(OffsetCommitter("c", driven.run, driven.library), COMMITS)
    worker.turn()
    monkeypatch.setattr(ModelConsumer, "close", fail)
    worker.let_go()
    assert driven.run.failures == ["c/1: broker away"]
    worker.let_go()
    assert len(driven.run.failures) == 1

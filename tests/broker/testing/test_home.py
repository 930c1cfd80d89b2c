"""Who ends what is left of clusters."""

from typing import Any, cast

from odradek.broker.testing.home import Kept


def test_a_cluster_is_let_go_once_by_whoever_comes_first() -> None:
    kept = Kept()
    one, other = cast(Any, object()), cast(Any, object())
    kept.keep(one)
    kept.keep(other)
    assert kept.let_go(one)
    assert kept.take() is other
    assert kept.take() is None
    assert not kept.let_go(one)

"""The runner: a script that is wrong fails with its line, and can be written anew."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from .commands import play
from .script import BadCommand, Mismatch, check, rewrite
from .world import World

STORY = """\
# One consumer.

topic create orders 2
join a consumer orders
        0.0  a: epoch 2, has orders[0 1]
        0.0  g: consumer, Stable, epoch 2
wait 10
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str) -> Path:
        path = tmp_path / "story.txt"
        path.write_text(text)
        return path

    return written


def test_a_script_that_holds_is_left_as_it_is(write: Callable[[str], Path]) -> None:
    path = write(STORY)
    check(path, partial(play, World()))
    rewrite(path, partial(play, World()))
    assert path.read_text() == STORY


def test_another_effect_fails_with_the_line_and_a_diff(write: Callable[[str], Path]) -> None:
    path = write(STORY.replace("orders[0 1]", "orders[0]"))
    with pytest.raises(Mismatch) as mismatch:
        check(path, partial(play, World()))
    lines = str(mismatch.value).splitlines()
    assert lines[0] == "story.txt, line 4: join a consumer orders"
    assert "-    0.0  a: epoch 2, has orders[0]" in lines
    assert "+    0.0  a: epoch 2, has orders[0 1]" in lines
    rewrite(path, partial(play, World()))
    assert path.read_text() == STORY


def test_an_effect_that_fails_to_come_is_a_mismatch_too(write: Callable[[str], Path]) -> None:
    path = write(f"{STORY}        5.0  a: epoch 3, has nothing\n")
    with pytest.raises(Mismatch, match="line 7: wait 10"):
        check(path, partial(play, World()))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("juggle a", "no such command; there are .*wait"),
        ("wait for it", "usage: wait SECONDS"),
        ("topic create orders", "usage: topic create NAME PARTITIONS"),
        ("topic grow orders 2", "orders has 2 partitions"),
        ("topic create orders 2", "orders is there"),
        ("leave b", "there is no b"),
        ("join a consumer orders", "there is a a already"),
        ("join b clairvoyant orders", "no such kind; there are classic, consumer, share, streams"),
        ("join b consumer orders color=red", "no such option: color"),
        ("join b classic pattern=.*", "the classic protocol knows no patterns"),
    ],
)
def test_a_command_that_is_none_is_refused_with_its_line(write: Callable[[str], Path], line: str, why: str) -> None:
    path = write(STORY + line)
    with pytest.raises(BadCommand, match=f"story.txt, line 8: {line.replace('*', '.')}: {why}"):
        check(path, partial(play, World()))


def test_an_effect_needs_a_command(write: Callable[[str], Path]) -> None:
    with pytest.raises(BadCommand, match="line 2: an effect without a command"):
        check(write("# Nothing.\n    happens\n"), partial(play, World()))

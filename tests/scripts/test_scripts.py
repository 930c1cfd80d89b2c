"""Plays every script in this room: long stories of groups, told from the commands and what came of them.

`pytest tests/scripts --rewrite-scripts` writes down what comes of each command now; look at the difference before you
commit it.
"""

from functools import partial
from pathlib import Path

import pytest

from .commands import play
from .script import check, rewrite
from .world import World

SCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_comes_to_what_it_says(path: Path, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--rewrite-scripts"):
        rewrite(path, partial(play, World()))
    check(path, partial(play, World()))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_no_script_takes_a_fault_for_granted(path: Path) -> None:
    assert "FAULT" not in path.read_text()

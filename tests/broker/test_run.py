"""What runs until a signal ends it, and what it needs that is not installed."""

import sys
from functools import partial
from pathlib import Path

import pytest

from odradek.broker.broker import Broker, StartError
from odradek.broker.run import read_scenario, run

from .cluster_world import config_of

BROKER = partial(Broker, config_of(), is_ephemeral=True)
NOTHING = {"opening": None, "seed": None, "frozen_at_ms": None}


def test_what_the_control_plane_needs_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("odradek.broker.control.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(StartError, match=r"--control needs uvicorn: pip install 'odradek\[control\]'"):
        run(BROKER, "127.0.0.1:0", NOTHING)


def test_what_scenarios_need_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name.startswith("odradek.broker.scenario.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(StartError, match=r"--scenario needs PyYAML: pip install 'odradek\[control\]'"):
        read_scenario(tmp_path / "any.yaml")

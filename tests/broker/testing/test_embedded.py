"""A broker in a thread of the test's process."""

import socket
import threading
from pathlib import Path

import pytest

from odradek.broker.broker import StartError
from odradek.broker.config.config_def import ConfigError
from odradek.broker.testing.embedded import BrokerThread, running_broker
from odradek.broker.wire import Wire
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse


def threads() -> list[str]:
    """Those of brokers: the one that writes the log lines is the process's, and stays."""
    names = sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("odradek"))
    return [name for name in names if name != "odradek-log"]


def test_it_answers_within_the_block_and_is_gone_after_it() -> None:
    with running_broker() as broker, Wire(broker.bootstrap) as wire:
        assert wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).controller_id == 1
        assert "odradek" in threads()
    assert threads() == []
    with pytest.raises(ConnectionRefusedError):
        Wire(broker.bootstrap)


def test_several_live_side_by_side_on_ports_of_their_own() -> None:
    with running_broker() as first, running_broker({"node.id": "7"}) as second:
        assert first.bootstrap != second.bootstrap
        with Wire(second.bootstrap) as wire:
            assert wire.ask(MetadataRequest(topics=None), 12, MetadataResponse).controller_id == 7


def test_it_keeps_its_data_where_it_is_told_to(tmp_path: Path) -> None:
    with running_broker({"log.dirs": str(tmp_path / "data")}, is_ephemeral=False):
        assert (tmp_path / "data" / "meta.properties").exists()
    assert (tmp_path / "data" / ".kafka_cleanshutdown").exists()


def test_what_keeps_it_from_starting_is_raised_where_it_was_started() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        broker = BrokerThread({"listeners": f"PLAINTEXT://127.0.0.1:{taken.getsockname()[1]}"})
        with pytest.raises(StartError, match="cannot listen"):
            broker.start()
        broker.stop()
    assert threads() == []


def test_a_setting_that_is_wrong_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigError):
        BrokerThread({"node.id": "seven"})
    assert threads() == []

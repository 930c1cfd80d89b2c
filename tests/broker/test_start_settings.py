"""Where the settings of `serve` come from, and in which order they count."""

from pathlib import Path

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.start_settings import collect_settings, count_brokers, take_certificates
from odradek.broker.testing.running_cluster import Brokers


def collected(
    tmp_path: Path, *, listen: tuple[str, ...] = (), protocol: str = "PLAINTEXT", assignments: tuple[str, ...] = ()
) -> dict[str, str]:
    file = tmp_path / "server.properties"
    file.write_text("num.partitions=1\nlog.retention.hours=1\nfetch.max.bytes=2000\n")
    of_scenario = {"num.partitions": "2", "log.retention.hours": "2"}
    found = collect_settings(file, of_scenario, assignments, (), listen, str(tmp_path / "data"), protocol)
    return found.values


def test_a_scenario_counts_after_the_file_and_what_is_set_after_both(tmp_path: Path) -> None:
    found = collected(tmp_path, assignments=("log.retention.hours=3",))
    assert [found[name] for name in ("fetch.max.bytes", "num.partitions", "log.retention.hours")] == ["2000", "2", "3"]
    assert found["log.dirs"] == str(tmp_path / "data")


def test_with_tls_or_users_it_listens_so_where_nothing_else_says_it(tmp_path: Path) -> None:
    assert "listeners" not in collected(tmp_path)
    assert collected(tmp_path, protocol="SASL_SSL")["listeners"] == "SASL_SSL://127.0.0.1:9092"
    assert collected(tmp_path, listen=("127.0.0.1:0",), protocol="SSL")["listeners"] == "SSL://127.0.0.1:0"
    told = "PLAINTEXT://127.0.0.1:7"
    assert collected(tmp_path, protocol="SSL", assignments=(f"listeners={told}",))["listeners"] == told


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*missing"):
        collect_settings(tmp_path / "missing", {}, (), (), (), None, "PLAINTEXT")


def test_certificates_are_made_for_listeners_that_show_them_alone(tmp_path: Path) -> None:
    settings = collect_settings(None, {}, ("listeners=PLAINTEXT://127.0.0.1:0",), (), (), None, "SSL")
    with pytest.raises(ConfigError, match=r"none of listeners=PLAINTEXT://127\.0\.0\.1:0 is SSL"):
        take_certificates(settings, "auto", str(tmp_path / "tls"), (), is_ephemeral=True)
    with pytest.raises(ConfigError, match="--tls-dir goes with --tls auto"):
        take_certificates(settings, None, str(tmp_path / "tls"), (), is_ephemeral=True)
    assert not (tmp_path / "tls").exists()


class Opening:
    """A scenario, as far as it counts brokers."""

    def __init__(self, brokers: Brokers) -> None:
        self.brokers = brokers


def test_brokers_and_racks_are_those_of_the_options_and_else_of_the_scenario() -> None:
    three = Opening(Brokers(3, ["a", "b", "c"]))
    assert count_brokers(None, None, None) == (1, ())
    assert count_brokers(2, "x, ", None) == (2, ["x", None])
    assert count_brokers(None, None, three) == (3, ["a", "b", "c"])
    assert count_brokers(2, None, three) == (2, ["a", "b"])
    assert count_brokers(4, None, three) == (4, ["a", "b", "c", None])
    assert count_brokers(None, "x,y,z", three) == (3, ["x", "y", "z"])
    with pytest.raises(ConfigError, match="--racks names 2 racks for 1 brokers: there is one for each"):
        count_brokers(None, "x,y", None)
    with pytest.raises(ConfigError, match="--racks names 2 racks for 3 brokers: there is one for each"):
        count_brokers(3, "x,y", None)

"""The compose file, and what its services are told."""

import re

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.sources import collect

from .container_files import ROOT, compose, environment_of, the

SERVICES = compose()["services"]


def test_our_broker_starts_by_default_and_the_others_by_their_profile() -> None:
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert profiles == {"odradek": None, "kafka-ui": ["ui"], "apache-kafka": ["oracle"]}


def test_it_is_built_from_the_dockerfile_and_keeps_its_data_in_a_volume() -> None:
    ours = SERVICES["odradek"]
    assert (ROOT / ours["build"]["context"] / ours["build"]["dockerfile"]).is_file()
    (volume,) = ours["volumes"]
    name, _, place = volume.partition(":")
    assert name in compose()["volumes"]
    assert place == the("VOLUME").rest


def test_whether_it_is_ready_is_asked_with_odradek_health() -> None:
    assert SERVICES["odradek"]["healthcheck"]["test"] == ["CMD", *the("HEALTHCHECK").words]
    assert SERVICES["kafka-ui"]["depends_on"] == {"odradek": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "image" in service])
def test_images_of_others_are_pinned(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@pytest.mark.parametrize(("name", "port"), [("odradek", 9092), ("apache-kafka", 29092)])
def test_a_broker_is_told_settings_that_there_are_and_advertises_what_can_be_reached(name: str, port: int) -> None:
    settings = collect(None, environment_of(name), [])
    assert settings.unknown == []
    config = BrokerConfig.from_settings(settings.values)
    assert config.advertised() == {"HOST": ("localhost", port), "CONTAINERS": (name, 19092)}
    assert {one.name: one.port for one in config.endpoints()} == {"HOST": port, "CONTAINERS": 19092}
    assert SERVICES[name]["ports"] == [f"{port}:{port}"]


def test_the_user_interface_asks_the_listener_for_containers() -> None:
    assert environment_of("kafka-ui")["KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS"] == "odradek:19092"

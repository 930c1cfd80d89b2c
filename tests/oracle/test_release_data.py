"""What is packaged of other releases is what their brokers answer: the file was written by asking them."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from odradek.broker.apis import TABLE
from odradek.protocol.api_keys import ApiKey

from .apache_kafka import OracleMissing
from .release_data import NEWEST, RELEASES, Json, difference, facts_of, listed, text_of

PACKAGED = Path(__file__).parents[2] / "broker" / "config" / "releases.json"
AFTER = {older: newer for newer, older in pairwise(RELEASES)}


def packaged() -> Json:
    found: Json = json.loads(PACKAGED.read_text())
    return found


@pytest.fixture
def oracle(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--oracle"):
        pytest.skip("--oracle asks the released brokers")


def test_the_file_has_every_release_from_the_newest_back() -> None:
    there = {name: one["version"] for name, one in packaged().items()}
    assert list({NEWEST: RELEASES[NEWEST], **there}.items()) == list(RELEASES.items())
    assert PACKAGED.read_text() == text_of(packaged()) + "\n"


@pytest.mark.usefixtures("oracle")
def test_apache_kafka_lists_what_is_served_here() -> None:
    assert listed(NEWEST)["apis"] == {ApiKey(key).name: [api.listed_from, api.last] for key, api in TABLE.items()}


@pytest.mark.usefixtures("oracle")
@pytest.mark.parametrize("release", ["4.2", "3.9", "2.8"])
def test_a_release_did_otherwise_than_the_next_what_is_written(release: str) -> None:
    try:
        asked = difference(facts_of(release), facts_of(AFTER[release]))
    except OracleMissing as missing:
        pytest.skip(str(missing))
    assert {"version": RELEASES[release], **asked} == packaged()[release]

"""Writes broker/config/releases.json: `python -m tests.oracle.release_data > broker/config/releases.json`.

The rule: nothing about a release is written here. What a broker lists, and at which levels its features are, a freshly
formatted broker of its released jars answers; its settings, their defaults and bounds, its own definitions say.
A release has in the file what it did otherwise than the next one, and 4.2 what it did otherwise than 4.3.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from odradek.broker.apis import TABLE
from odradek.broker.metadata.features import FEATURES, OF_SEVERAL_BROKERS
from odradek.broker.wire import Wire
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse

from ..brokers import free_port
from .apache_kafka import QUICK_JVM, SETTINGS, VERSION, ApacheKafka, jars, java
from .retry import RETRY_S

NEWEST = "4.3"
# The newest first, each by its last patch release that is to be had.
RELEASES: Mapping[str, str] = {
    NEWEST: VERSION,
    **{"4.2": "4.2.1", "4.1": "4.1.1", "4.0": "4.0.1", "3.9": "3.9.1", "3.8": "3.8.1", "3.7": "3.7.2", "3.6": "3.6.2"},
    **{"3.5": "3.5.2", "3.4": "3.4.1", "3.3": "3.3.2", "3.2": "3.2.3", "3.1": "3.1.2", "3.0": "3.0.2", "2.8": "2.8.2"},
}
# Before 3.3 KRaft was a preview without ACLs, SCRAM and more: what people ran, and clients met, had ZooKeeper.
WITH_ZOOKEEPER = ("3.2", "3.1", "3.0", "2.8")
# What a node must say for itself, and what is spelled by names of classes.
NOT_DEFAULTS = ("node.id", "process.roles", "listeners", "group.consumer.assignors", "sasl.kerberos.kinit.cmd")
START_S = 90.0

Json = dict[str, Any]


def main() -> None:
    differences: Json = {}
    next_one: Json = {}
    for release, version in RELEASES.items():
        print(f"asking {version}", file=sys.stderr, flush=True)
        facts = facts_of(release)
        if next_one:
            differences[release] = {"version": version, **difference(facts, next_one)}
        next_one = facts
    print(text_of(differences))


def facts_of(release: str) -> Json:
    """All that is kept of a release."""
    return {**listed(release), "configs": configs(RELEASES[release])}


def listed(release: str) -> Json:
    """The APIs and features of a broker of that release, with nothing but defaults."""
    with tempfile.TemporaryDirectory() as directory, _broker(release, Path(directory)) as address:
        answer = _api_versions(address, START_S)
    known = {feature.name for feature in (*FEATURES, *OF_SEVERAL_BROKERS)}
    levels = {one.name: one.max_version_level for one in answer.finalized_features}
    return {
        "apis": {
            ApiKey(one.api_key).name: [one.min_version, one.max_version]
            for one in answer.api_keys
            if one.api_key in TABLE
        },
        "features": {
            one.name: [one.min_version, one.max_version, levels.get(one.name, 0)]
            for one in answer.supported_features
            if one.name in known
        },
    }


def configs(version: str) -> Json:
    """The settings by kind and name."""
    source = Path(__file__).with_name("ReleaseConfigs.java")
    command = [*java(jars(version), QUICK_JVM), str(source)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {kind["kind"]: {key["name"]: _row(key) for key in kind["keys"]} for kind in map(json.loads, lines)}


def _row(key: Json) -> Json:
    """What is kept of a setting: bounds where they are numbers or a few words."""
    valid = key["valid"] or ""
    row: Json = {"type": key["type"], "default": key["default"], "valid": valid if len(valid) < 100 else ""}
    return {**row, "internal": True} if key["internal"] else row


def difference(facts: Json, next_one: Json) -> Json:
    """What is to be laid over the facts of the next release; null is what this one did not have."""
    return {
        "apis": _changed(facts["apis"], next_one["apis"]),
        "features": _changed(facts["features"], next_one["features"]),
        "configs": {kind: _changed_configs(rows, next_one["configs"][kind]) for kind, rows in facts["configs"].items()},
    }


def _changed(mine: Json, others: Json) -> Json:
    names = sorted({**mine, **others})
    return {name: mine.get(name) for name in names if mine.get(name) != others.get(name)}


def _changed_configs(mine: Json, others: Json) -> Json:
    """Another type alone, as STRING where it is a LIST now, makes no difference to a client."""
    return {
        name: row
        for name, row in _changed(mine, others).items()
        if name not in NOT_DEFAULTS
        and (row is None or name not in others or {**row, "type": ""} != {**others[name], "type": ""})
    }


def text_of(value: Any, indent: str = "") -> str:
    """JSON with one fact on a line."""
    if not isinstance(value, dict) or not value or "type" in value:
        return json.dumps(value)
    rows = (f"{indent} {json.dumps(name)}: {text_of(one, f'{indent} ')}" for name, one in value.items())
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


@contextlib.contextmanager
def _broker(release: str, directory: Path) -> Generator[str]:
    kafka = _ReleasedKafka(directory, SETTINGS, version=RELEASES[release])
    with contextlib.ExitStack() as ends:
        if release in WITH_ZOOKEEPER:
            kafka.zookeeper = ends.enter_context(_zookeeper(RELEASES[release], directory / "zookeeper"))
        ends.callback(kafka.kill)
        kafka.start()
        yield kafka.address


class _ReleasedKafka(ApacheKafka):
    """A broker of any release; with the address of a ZooKeeper it is one of those that need it."""

    zookeeper: str | None = None

    def format(self, *options: str) -> None:
        if self.zookeeper is None:
            super().format(*options)

    def _properties(self) -> dict[str, str]:
        if self.zookeeper is None:
            return super()._properties()
        listener = f"PLAINTEXT://{self.address}"
        place = {"listeners": listener, "log.dirs": str(self.data_dir), "zookeeper.connect": self.zookeeper}
        return {"broker.id": "1", **place, **SETTINGS}

    def _wait_until_ready(self) -> None:
        _api_versions(self.address, START_S)


@contextlib.contextmanager
def _zookeeper(version: str, directory: Path) -> Generator[str]:
    port = free_port()
    main_class = "org.apache.zookeeper.server.ZooKeeperServerMain"
    command = [*java(jars(version), [*QUICK_JVM, "-Dzookeeper.admin.enableServer=false"]), main_class]
    command += [str(port), str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _api_versions(address: str, patience_s: float) -> ApiVersionsResponse:
    """The answer at the newest version that is served, once it answers."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with Wire(address) as wire:
                request = ApiVersionsRequest(client_software_name="odradek", client_software_version="1")
                answer = wire.ask(ApiVersionsRequest(), 0, ApiVersionsResponse)
                newest = next(one.max_version for one in answer.api_keys if one.api_key == ApiKey.API_VERSIONS)
                answer = wire.ask(request, min(newest, 4), ApiVersionsResponse)
                if answer.error_code == ErrorCode.NONE:
                    return answer
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(RETRY_S)


if __name__ == "__main__":
    main()

"""What access rules allow and deny: every operation on every resource of every API, as Apache Kafka decides it.

Without --oracle Apache Kafka's part is read from recorded_access/, written by `pytest --oracle --record tests/oracle`.
"""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

import pytest

from odradek.broker.access.access import OPERATIONS
from odradek.broker.apis import TABLE
from odradek.broker.security.authorization.acl import Operation, ResourceType
from odradek.broker.wire import ClosedByPeer
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.delete_topics import DeleteTopicState as TopicState
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse

from ..brokers import BrokerProcess
from .access.guest import Rules, guest_of, masked, rule
from .access.probe import UNKNOWN_ID, Names, Probe, Resource
from .access.probes import probes
from .access.story import STORIES
from .comparison import differences
from .normalise import Plain
from .wire_session import Dialogue

# Importing them registers them.
MODULES = [import_module(f".access.{name}", __package__) for name in ("stories", "acl_stories")]
RECORDED = Path(__file__).parent / "recorded_access"
NAMES = Names("t", b"\x05" * 16, "missing", "g", "txn", "")
LABELS = [probe.label for probe in probes(NAMES)]
OF_TXN = (Operation.DESCRIBE, Operation.WRITE)
# Everybody may, or it depends on what else there is: among the stories; or it needs a login: token_access.py.
ASKED_IN_STORIES = {ApiKey.API_VERSIONS, ApiKey.SASL_HANDSHAKE, ApiKey.LIST_GROUPS, ApiKey.LIST_TRANSACTIONS}
ASKED_AFTER_LOGIN = {
    ApiKey.SASL_AUTHENTICATE,
    ApiKey.CREATE_DELEGATION_TOKEN,
    ApiKey.RENEW_DELEGATION_TOKEN,
    ApiKey.EXPIRE_DELEGATION_TOKEN,
    ApiKey.DESCRIBE_DELEGATION_TOKEN,
}


@pytest.mark.parametrize("label", LABELS)
def test_what_is_allowed_and_denied_is_as_in_apache_kafka(
    label: str, secured: BrokerProcess, request: pytest.FixtureRequest, is_oracle: bool
) -> None:
    _compare(label, lambda address: _held(label, address), secured, request, is_oracle=is_oracle)


@pytest.mark.parametrize("name", STORIES)
def test_what_becomes_of_it_is_as_in_apache_kafka(
    name: str, secured: BrokerProcess, request: pytest.FixtureRequest, is_oracle: bool
) -> None:
    _compare(f"story.{name}", lambda address: _told(name, address), secured, request, is_oracle=is_oracle)


def test_every_api_is_asked() -> None:
    asked = {probe.key for probe in probes(NAMES)}
    assert set(TABLE) == {*asked, *ASKED_IN_STORIES, *ASKED_AFTER_LOGIN}
    assert len(set(LABELS)) == len(LABELS)
    assert {path.stem for path in RECORDED.glob("*.json")} == {*LABELS, *(f"story.{name}" for name in STORIES)}


def _compare(
    title: str,
    hold: Callable[[str], Mapping[str, Plain]],
    secured: BrokerProcess,
    request: pytest.FixtureRequest,
    *,
    is_oracle: bool,
) -> None:
    path = RECORDED / f"{title}.json"
    if is_oracle:
        kafka = hold(str(request.getfixturevalue("secured_kafka")))
        if request.config.getoption("--record"):
            path.write_text(json.dumps(kafka, indent=1, ensure_ascii=False) + "\n")
    else:
        kafka = cast(dict[str, Plain], json.loads(path.read_text()))
    surprises = [str(one) for one in differences(kafka, hold(secured.address))]
    assert not surprises, "\n" + "\n".join(surprises)


def _told(name: str, address: str) -> Mapping[str, Plain]:
    """A story, as it goes with a broker; the rules that it leaves behind go."""
    with Dialogue(address) as d, guest_of(address) as guest:
        _await_coordinators(d)
        rules = Rules(d)
        try:
            STORIES[name](d, rules, guest)
        finally:
            rules.remove(rules.given)
        return {step: masked(answer) for step, answer in d.steps.items()}


def _held(label: str, address: str) -> Mapping[str, Plain]:
    """The answers to one request under each set of rules."""
    with Dialogue(address) as d:
        topic, topic_id = d.create_topic("t")
        _await_coordinators(d)
        d.note("topic ids", [TopicState(name=topic, topic_id=topic_id), TopicState(name=None, topic_id=UNKNOWN_ID)])
        names = Names(topic, topic_id, d.name("missing"), d.name("g"), d.name("txn"), d.name(""))
        (probe,) = [one for one in probes(names) if one.label == label]
        rules = Rules(d)
        ask = _Asking(d, probe, address)
        ask.under("nothing")
        for resource in probe.resources:
            others = [rule(*other) for other in probe.resources if other != resource]
            if others:
                rules.add(others)
                ask.under(f"all but {_shown(d, resource)}")
            for operation in _operations_of(resource):
                one = [rule(*resource, operation)]
                rules.add(one)
                ask.under(f"{operation.name} on {_shown(d, resource)}")
                rules.remove(one)
            if others:
                rules.remove(others)
        rules.add([rule(*resource) for resource in probe.resources])
        ask.under("everything")
        rules.remove([rule(*resource) for resource in probe.resources])
        return {step: masked(answer) for step, answer in d.steps.items()}


def _await_coordinators(d: Dialogue) -> None:
    """Of groups, transactional ids and share partitions."""
    for kind, key in enumerate((d.name("c"), d.name("c"), "c:AAAAAAAAAAAAAAAAAAAABw:0")):
        asked = FindCoordinatorRequest(key_type=kind, coordinator_keys=[key])

        def is_there(asked: FindCoordinatorRequest = asked) -> bool:
            return d.wire.ask(asked, 6, FindCoordinatorResponse).coordinators[0].error_code == 0

        d.wait_for(is_there, "there are coordinators")


class _Asking:
    """One request of the guest's, again and again."""

    def __init__(self, d: Dialogue, probe: Probe, address: str) -> None:
        self._d = d
        self._probe = probe
        self._address = address

    def under(self, label: str) -> None:
        """Asks, and writes down the answer, or that the connection was closed."""
        probe = self._probe
        with guest_of(self._address) as guest:
            try:
                self._d.note(label, guest.ask(probe.body, probe.version, probe.response))
            except ClosedByPeer:
                self._d.note(label, "closed")


def _operations_of(resource: Resource) -> tuple[Operation, ...]:
    kind, _ = resource
    return (*OPERATIONS[kind], Operation.ALL) if kind in OPERATIONS else (*OF_TXN, Operation.ALL)


def _shown(d: Dialogue, resource: Resource) -> str:
    kind, name = resource
    return f"{ResourceType(kind).name} {d.plain_name(name)}"

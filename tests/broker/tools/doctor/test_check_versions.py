"""Which clients a broker's versions leave out."""

from odradek.broker.apis import TABLE
from odradek.broker.tools.doctor.check_versions import check_features, check_versions
from odradek.broker.tools.doctor.facts import Kafka
from odradek.broker.tools.doctor.findings import Status

SERVED = {int(key): (api.listed_from, api.last) for key, api in TABLE.items()}


def test_a_broker_of_today_speaks_with_every_current_client() -> None:
    step = check_versions(Kafka(SERVED))
    assert step.status is Status.OK
    assert "speaks with Java 4.3, librdkafka 2" in step.text
    assert step.text.endswith("not with Java 0.10")


def test_a_current_client_that_is_kept_out_is_wrong_and_named_with_both_ranges() -> None:
    step = check_versions(Kafka({**SERVED, 1: (0, 3)}))  # as a broker of 0.10
    assert step.status is Status.WRONG
    assert "; no version in common with " in step.text
    assert "not with" not in step.text  # that is for old clients; this one is a finding
    (finding,) = step.findings
    assert finding.problem.startswith(
        "Java 4.3 and this broker have no common version of FETCH (client 4-18, broker 0-3)"
    )
    (missing,) = check_versions(Kafka({**SERVED, 1: (0, 3), 11: (0, 9)})).findings
    assert missing.kind == "client-version"
    assert len(check_versions(Kafka({})).findings) == 4


def test_that_api_versions_had_to_be_asked_twice_is_said() -> None:
    assert "have to ask twice" in check_versions(Kafka(SERVED, fell_back=True)).text


def test_the_levels_of_features_are_a_line() -> None:
    features = {"transaction.version": 2, "group.version": 1}
    assert check_features(Kafka(features=features)).text == "group.version 1, transaction.version 2"
    assert check_features(Kafka()).text == "none are told"

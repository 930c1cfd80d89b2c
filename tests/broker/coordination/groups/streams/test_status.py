from odradek.broker.coordination.groups.streams.status import Status, StatusCode, TopicsNotReady


def test_the_codes_are_those_of_the_protocol() -> None:
    assert [code.name for code in sorted(StatusCode)] == [
        "STALE_TOPOLOGY",
        "MISSING_SOURCE_TOPICS",
        "INCORRECTLY_PARTITIONED_TOPICS",
        "MISSING_INTERNAL_TOPICS",
        "SHUTDOWN_APPLICATION",
        "ASSIGNMENT_DELAYED",
    ]
    assert [code.value for code in sorted(StatusCode)] == list(range(6))


def test_what_keeps_topics_from_being_ready_is_a_status_of_the_answer() -> None:
    assert TopicsNotReady(StatusCode.STALE_TOPOLOGY, "why").status == Status(StatusCode.STALE_TOPOLOGY, "why")

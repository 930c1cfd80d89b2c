from odradek.broker.coordination.result import CoordinatorResult, Instant, Operation, ResponseFuture
from odradek.protocol.errors import ErrorCode


def test_the_first_response_counts() -> None:
    delivered: list[str] = []
    future = ResponseFuture[str](delivered.append, lambda code: code.name)
    assert not future.is_done
    future.complete("first")
    future.complete("second")
    future.refuse(ErrorCode.UNKNOWN_SERVER_ERROR)
    assert (delivered, future.is_done) == (["first"], True)


def test_a_refusal_is_a_response_of_the_same_kind() -> None:
    delivered: list[str] = []
    ResponseFuture[str](delivered.append, lambda code: code.name).refuse(ErrorCode.NOT_COORDINATOR)
    assert delivered == ["NOT_COORDINATOR"]


def test_a_result_answers_those_who_wait_and_nobody_where_nobody_does() -> None:
    delivered: list[str] = []
    result: CoordinatorResult[None] = CoordinatorResult()
    result.answer(ResponseFuture[str](delivered.append, lambda code: code.name), "yes")
    result.refuse(ResponseFuture[str](delivered.append, lambda code: code.name), ErrorCode.FENCED_INSTANCE_ID)
    nobody: ResponseFuture[str] | None = None
    result.answer(nobody, "lost")
    result.refuse(nobody, ErrorCode.FENCED_INSTANCE_ID)
    assert delivered == []
    for answer in result.answers:
        answer.give()
    assert delivered == ["yes", "FENCED_INSTANCE_ID"]


def test_an_operation_waits_for_the_disk_unless_it_says_otherwise() -> None:
    decided: list[Instant] = []

    def decide(at: Instant) -> CoordinatorResult[None]:
        decided.append(at)
        return CoordinatorResult()

    operation: Operation[None] = Operation("name", "key", 3, decide)
    assert operation.needs_fsync
    assert operation.decide(Instant(1.0, 2)).records == []
    assert decided == [(1.0, 2)]

"""Answers of a coordinator: one that cannot be given keeps no other from its own."""

from collections.abc import Iterable
from typing import Any, TypeVar

from ...protocol.errors import ErrorCode
from ..log_output import get_logger
from .result import Answer, ResponseFuture

logger = get_logger("coordinator")

R = TypeVar("R")


def deliver(future: ResponseFuture[R], response: R) -> None:
    """Give one answer, to a client that may have gone."""
    try:
        future.complete(response)
    except Exception:
        logger.exception("an answer could not be delivered")


def refuse(future: ResponseFuture[Any] | None, code: ErrorCode) -> None:
    """Give an error in place of an answer, if anyone waits for one."""
    if future is not None:
        deliver(future, future.refusal(code))


def refuse_all(answers: Iterable[Answer[Any]], code: ErrorCode) -> None:
    """The same to all who were to be answered."""
    for answer in answers:
        refuse(answer.future, code)

"""Patterns that clients send. The rule: every one goes through here, to RE2, as Kafka's go to RE2/J.

Python's own `re` tries again and again, and one small pattern can keep the loop busy for ever; RE2 takes time that
grows with the text alone.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from ..protocol.errors import ErrorCode, KafkaError

# A pattern that needs more is refused: matching may cost its size for every character of the text.
MAX_PROGRAM_BYTES = 2 * 1024 * 1024


def compile_client_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches the pattern as a whole. INVALID_REGULAR_EXPRESSION."""
    re2, options = _re2()
    try:
        match = re2.compile(pattern, options).fullmatch
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if error.args else ""
        raise KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION, why) from None
    return lambda text: match(text) is not None


@cache
def _re2() -> tuple[Any, Any]:
    """The library and how it is used, loaded with the first pattern: most brokers never see one."""
    re2 = import_module("re2")
    options = re2.Options()
    options.max_mem = MAX_PROGRAM_BYTES
    # Nobody asks what a group has matched, and RE2 takes seconds to tell of a text where there are thousands of them.
    options.never_capture = True
    options.log_errors = False
    return re2, options

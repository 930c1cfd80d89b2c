"""Patterns of clients: whole texts, Kafka's syntax, and no pattern that takes for ever."""

import subprocess
import sys

import pytest

from odradek.broker.client_pattern import compile_client_pattern
from odradek.protocol.errors import ErrorCode, KafkaError


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        ("a-.", "a-1", True),
        ("a", "a-1", False),
        ("", "", True),
        ("(?i)IDLE.*", "idle-1", True),
        (".*", "two\nlines", False),
        ("é.", "é😀", True),
    ],
)
def test_a_text_matches_as_a_whole(pattern: str, text: str, is_match: bool) -> None:
    assert compile_client_pattern(pattern)(text) is is_match


@pytest.mark.parametrize("pattern", ["(", "[", r"(a)\1", "(?=a)", "a{1001}", "((a{100}){100}){100}", "a" * 2_000_000])
def test_what_cannot_be_read_or_would_cost_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(KafkaError) as refused:
        compile_client_pattern(pattern)
    assert refused.value.code is ErrorCode.INVALID_REGULAR_EXPRESSION


@pytest.mark.timeout(20)  # seconds where one that tries again and again takes longer than the universe is old
def test_a_pattern_over_patterns_ends() -> None:
    assert not compile_client_pattern("(a+)+b")("a" * 10_000)
    assert not compile_client_pattern("(a|a|b?)*c")("a" * 10_000)


def test_the_library_is_loaded_with_the_first_pattern_only() -> None:
    program = "import sys, odradek.broker.handlers.list_transactions; print('re2' in sys.modules)"
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "False"


@pytest.mark.parametrize(
    "pattern", ["(" * 15_000 + ")" * 15_000, "(a*)*" * 4000, "(a?)" * 3000], ids=["deep", "stars", "options"]
)
def test_thousands_of_groups_cost_no_more_than_their_text(pattern: str) -> None:
    """With captures to tell of, one of these texts took RE2 half a minute."""
    matches = compile_client_pattern(pattern)
    assert [matches("a" * number + "b") for number in range(100)] == [False] * 100

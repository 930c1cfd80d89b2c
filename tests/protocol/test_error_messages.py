"""Kafka's sentences: every error has one, in one line, and nothing else has."""

from odradek.protocol.error_messages import MESSAGES
from odradek.protocol.errors import ErrorCode


def test_every_error_has_a_sentence_under_its_name() -> None:
    assert set(MESSAGES) == set(ErrorCode.__members__)


def test_a_sentence_fits_into_one_line_of_an_answer() -> None:
    assert [name for name, text in MESSAGES.items() if not text or text != " ".join(text.split())] == []

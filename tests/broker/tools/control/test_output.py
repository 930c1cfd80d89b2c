"""One object a line, as it is in any language."""

import pytest

from odradek.broker.tools.control.output import show


def test_each_object_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"a": "é\n"}, {}])
    assert capsys.readouterr().out == '{"a": "é\\n"}\n{}\n'

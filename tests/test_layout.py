"""The house: every module has a test file of its own name, stays short, and belongs to a room that is drawn."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("protocol", "storage", "broker")
MOST_LINES = 400

# Declarations, one file an API, which tests/conformance covers field by field, version by version; and what starts a
# command, which the tests of the command run.
NO_TESTS_OF_THEIR_OWN = ("protocol/messages/", "__main__.py", "__init__.py")
# What adapts a stock client for `odradek verify`: tested with the clients themselves.
ADAPTERS = ("with_aiokafka.py", "with_confluent_kafka.py", "with_kafka_python.py")


def modules() -> list[str]:
    found = (path.relative_to(ROOT) for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
    return sorted(str(path) for path in found)


@pytest.mark.parametrize("module", modules())
def test_a_module_has_a_test_file_of_its_own_name(module: str) -> None:
    if module.endswith((*NO_TESTS_OF_THEIR_OWN[1:], *ADAPTERS)) or module.startswith(NO_TESTS_OF_THEIR_OWN[0]):
        return
    path = Path(module)
    assert (ROOT / "tests" / path.parent / f"test_{path.name}").is_file()


@pytest.mark.parametrize("module", modules())
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    assert len((ROOT / module).read_text().splitlines()) <= MOST_LINES

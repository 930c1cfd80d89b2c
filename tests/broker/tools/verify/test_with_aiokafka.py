"""The adapter of aiokafka, against a real broker."""

import pytest

from .adapter_story import CHECKS, assert_holds


@pytest.mark.parametrize("check", list(CHECKS))
def test_it_does_what_every_adapter_must(bootstrap: str, topic: str, group: str, check: str) -> None:
    assert_holds("aiokafka", bootstrap, check, topic, group)

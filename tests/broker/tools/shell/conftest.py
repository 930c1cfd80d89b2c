"""One broker for the tests of a verb."""

from collections.abc import Generator

import pytest

from odradek.broker.testing.embedded import running_broker

from .shell import Shell


@pytest.fixture(scope="module")
def shell() -> Generator[Shell]:
    """The verbs, and a broker for this module behind them."""
    settings = {"offsets.topic.num.partitions": "2", "transaction.state.log.num.partitions": "2"}
    with running_broker({**settings, "transaction.partition.verification.enable": "false"}) as broker:
        yield Shell(broker.bootstrap)

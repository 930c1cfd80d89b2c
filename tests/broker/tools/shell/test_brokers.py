"""Questions to each broker of a cluster."""

import pytest

from odradek.broker.tools.shell.brokers import Brokers
from odradek.broker.tools.shell.client import Failed
from odradek.protocol.messages.api_versions import ApiVersionsRequest
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from ....brokers import free_port
from .shell import Shell


def test_each_broker_is_found_by_its_id_and_asked_by_itself(shell: Shell) -> None:
    shell.json("topics", "create", "t")
    with Brokers(f"127.0.0.1:{free_port()},{shell.bootstrap}", 10.0) as brokers:
        assert brokers.node_ids == [1]
        assert "t" in [topic.name for topic in brokers.metadata(with_topics=True).topics]
        assert brokers.metadata().topics == []
        assert brokers.ask(1, ListTransactionsRequest(), ListTransactionsResponse).error_code == 0
        assert len(brokers.ask_any(MetadataRequest(topics=[]), MetadataResponse).brokers) == 1
        with pytest.raises(Failed, match="there is no broker 2"):
            brokers.ask(2, ListTransactionsRequest(), ListTransactionsResponse)


def test_where_no_broker_is_each_address_is_named() -> None:
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    with pytest.raises(Failed, match=f"{first}.*{second}"):
        Brokers(f"{first},{second}", 1.0)


def test_an_answer_that_is_none_is_an_error(shell: Shell) -> None:
    with Brokers(shell.bootstrap, 10.0) as brokers, pytest.raises(Failed):
        brokers.ask_any(ApiVersionsRequest(), MetadataResponse)

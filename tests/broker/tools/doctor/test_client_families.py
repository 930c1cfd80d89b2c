"""What each stock client speaks, and which addresses it tries."""

import warnings

from odradek.broker.apis import TABLE
from odradek.broker.tools.doctor.client_families import ADDRESS_RULES, CLIENTS, kept_out, missing_for
from odradek.broker.tools.doctor.facts import Attempt, Reached
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.fetch import FetchRequest as OurFetchRequest
from odradek.protocol.schema import declared

with warnings.catch_warnings():  # kafka-python reads its schemas in a way that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka.protocol.consumer import FetchRequest, JoinGroupRequest, OffsetFetchRequest
    from kafka.protocol.metadata import MetadataRequest as TheirMetadataRequest
    from kafka.protocol.producer import ProduceRequest

SERVED = {int(key): (api.listed_from, api.last) for key, api in TABLE.items()}


def test_every_current_client_speaks_with_this_broker_and_none_without_produce() -> None:
    for client in CLIENTS:
        if client.is_current:
            assert missing_for(client, SERVED) == []
            assert missing_for(client, {**SERVED, ApiKey.PRODUCE: (98, 99)}) == [ApiKey.PRODUCE]
            assert ApiKey.METADATA in missing_for(client, {})


def test_clients_from_before_record_batches_are_kept_out_as_by_kafka_4() -> None:
    old = {client.name: missing_for(client, SERVED) for client in CLIENTS if not client.is_current}
    # Produce 0-2 are listed for the sake of librdkafka, and not served; Fetch tells.
    assert old == {"Java 0.10": [ApiKey.FETCH], "Java 0.11": [], "Java 2.1": []}


def test_the_ranges_of_the_clients_that_are_at_hand_are_theirs() -> None:
    versions = next(client.versions for client in CLIENTS if client.name.startswith("kafka-python"))
    for request in (FetchRequest, JoinGroupRequest, OffsetFetchRequest, TheirMetadataRequest, ProduceRequest):
        assert versions[request.API_KEY] == (request.min_version, request.max_version)
    java = next(client.versions for client in CLIENTS if client.name.startswith("Java 4"))
    assert java[ApiKey.FETCH] == (declared(OurFetchRequest).versions.first, declared(OurFetchRequest).versions.last)


def test_who_tries_one_address_is_kept_out_where_that_one_fails() -> None:
    v6 = Attempt("::1", Reached.REFUSED)
    v4 = Attempt("127.0.0.1", Reached.CONNECTED)
    assert kept_out([v6, v4]) == ["Node.js 17 to 19"]  # Java takes IPv4 first, whatever the resolver's order
    assert kept_out([v4, v6]) == []
    assert kept_out([Attempt("10.0.0.1", Reached.TIMED_OUT), v4]) == ["Node.js 17 to 19", "Java before 2.6"]
    assert kept_out([v6]) == [rule.clients for rule in ADDRESS_RULES]

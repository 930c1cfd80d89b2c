"""Questions at the newest version that both sides have."""

import pytest

from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.newest_versions import NewestVersions, NotServed, error_name
from odradek.broker.wire import Wire
from odradek.protocol.messages.api_versions import ApiVersion
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse


def test_a_question_goes_out_at_the_newest_version_of_both() -> None:
    with running_broker() as broker, Wire(broker.bootstrap) as wire:
        newest = NewestVersions(wire)
        with pytest.raises(NotServed, match="Metadata is not served"):
            newest.ask(MetadataRequest(topics=[]), MetadataResponse)
        newest.learn()
        assert newest.version_of(MetadataRequest) == 13
        assert len(newest.ask(MetadataRequest(topics=[]), MetadataResponse).brokers) == 1
        for first, last, version in ((0, 9, 9), (5, 99, 13)):
            newest._served[3] = ApiVersion(api_key=3, min_version=first, max_version=last)
            assert newest.version_of(MetadataRequest) == version
        newest._served[3] = ApiVersion(api_key=3, min_version=98, max_version=99)
        with pytest.raises(NotServed, match="Metadata is served at versions 98-99 only"):
            newest.version_of(MetadataRequest)


def test_what_is_known_of_a_broker_need_not_be_learnt_again() -> None:
    served = [ApiVersion(api_key=3, max_version=4)]
    with running_broker() as broker, Wire(broker.bootstrap) as wire:
        assert NewestVersions(wire, served).version_of(MetadataRequest) == 4


def test_an_error_has_kafkas_name_or_at_least_its_number() -> None:
    assert [error_name(code) for code in (0, 15, 31999)] == ["NONE", "COORDINATOR_NOT_AVAILABLE", "error 31999"]

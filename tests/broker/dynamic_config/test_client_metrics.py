"""The settings of client metrics subscriptions."""

import pytest

from odradek.broker.dynamic_config.client_metrics import ClientMetricsConfigs
from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.errors import ErrorCode, KafkaError

SUBSCRIPTIONS = ClientMetricsConfigs(MetadataImage)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("interval.ms", "99", ErrorCode.INVALID_REQUEST),
        ("interval.ms", "3600001", ErrorCode.INVALID_REQUEST),
        ("interval.ms", "soon", ErrorCode.INVALID_CONFIG),
        ("match", "client_id", ErrorCode.INVALID_CONFIG),
        ("match", "no_such=a", ErrorCode.INVALID_CONFIG),
        ("match", "client_id=(", ErrorCode.INVALID_CONFIG),
        ("no.such", "1", ErrorCode.INVALID_REQUEST),
    ],
)
def test_what_kafka_refuses_is_refused(key: str, value: str, code: ErrorCode) -> None:
    with pytest.raises(KafkaError) as refused:
        SUBSCRIPTIONS.check("m", {key: value})
    assert refused.value.code == code


def test_what_kafka_takes_is_taken() -> None:
    given = {"interval.ms": "100", "match": "client_id=a.*,client_software_name=x", "metrics": "a,b"}
    assert SUBSCRIPTIONS.check("m", given) == given


def test_a_subscription_has_a_name() -> None:
    for ask in (SUBSCRIPTIONS.check_name, SUBSCRIPTIONS.describe):
        with pytest.raises(KafkaError):
            ask("")

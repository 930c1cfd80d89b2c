"""THE TABLE: which APIs are served, and in which versions. The ApiVersions answer is derived from it.

A line names an API; its messages stand in protocol/messages/<name>.py, its handler in handlers/<name>.py, and both
are imported on first use, so that a broker is ready before it has read what nobody asks for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import import_module
from typing import Protocol, TypeVar

from ..protocol.api_keys import ApiKey
from ..protocol.codec import Decoder, Encoder, decoders, encoders
from ..protocol.declaration import fields_of
from ..protocol.errors import ErrorCode
from ..protocol.schema import declared
from .config.release import Release
from .context import Context
from .deferred import Deferred
from .session import Session
from .slices import Steps

Request = TypeVar("Request", contravariant=True)
Response = TypeVar("Response", covariant=True)


class Handler(Protocol[Request, Response]):
    """What serves one API: a request of any served version, to its response now, or later, or never (acks=0).

    Where the work grows with the request, the handler is a generator: see slices.py.
    """

    def __call__(
        self, request: Request, version: int, session: Session, context: Context, /
    ) -> (
        Response
        | Deferred[Response]
        | Deferred[Response | None]
        | Steps[Response | Deferred[Response]]
        | Steps[Response | Deferred[Response | None] | None]
        | None
    ): ...


class LoadedApi:
    """An API whose messages and handler have been imported.

    Names are all that ties them together here: tests/broker/handlers/test_handlers.py has the type checkers see that
    each handler takes this request and gives this response.
    """

    def __init__(self, name: str, *, only_reads: bool = False) -> None:
        stem = "".join(part.capitalize() for part in name.split("_"))
        messages = import_module(f"...protocol.messages.{name}", f"{__package__}.apis")
        handlers = import_module(f".handlers.{name}", __package__)
        self.name = name
        self.only_reads = only_reads
        self.request: type[object] = getattr(messages, f"{stem}Request")
        self.response: type[object] = getattr(messages, f"{stem}Response")
        self.handle: Handler[object, object] = getattr(handlers, f"handle_{name}")
        self._new_response: Callable[..., object] = self.response
        self.flexible_from = declared(self.request).flexible.first
        self._decoders: Mapping[int, Decoder[object]] = decoders(self.request)
        self._encoders: Mapping[int, Encoder[object]] = encoders(self.response)

    def decoder(self, version: int) -> Decoder[object]:
        """The request's decoder, compiled on first use."""
        return self._decoders[version]

    def encoder(self, version: int) -> Encoder[object]:
        """The response's encoder, compiled on first use."""
        return self._encoders[version]

    def failure_answer(self, version: int) -> object | None:
        """UNKNOWN_SERVER_ERROR in this version's shape; None where it has no place and would look like success."""
        if not any(f.name == "error_code" and version in f.versions for f in fields_of(self.response)):
            return None
        try:
            return self._new_response(error_code=ErrorCode.UNKNOWN_SERVER_ERROR)
        except TypeError:
            return None


@dataclass(frozen=True)
class Api:
    """One line of the table.

    `lowest_listed` is a lower minimum that is advertised but not served. What `only_reads` changes nothing, and is not
    carried on for a client that has gone.
    """

    key: ApiKey
    first: int
    last: int
    lowest_listed: int | None = None
    only_reads: bool = False

    @property
    def name(self) -> str:
        return self.key.name.lower()

    @property
    def listed_from(self) -> int:
        return self.first if self.lowest_listed is None else self.lowest_listed

    def serves(self, version: int) -> bool:
        return self.first <= version <= self.last

    def load(self) -> LoadedApi:
        return self._loaded

    @cached_property
    def _loaded(self) -> LoadedApi:
        return LoadedApi(self.name, only_reads=self.only_reads)


TABLE: Mapping[int, Api] = {
    api.key: api
    for api in (
        # Produce 0-2 are listed, not served, as in Kafka 4: librdkafka before 2.13 asks the list for version 0
        # before it dares to compress (KAFKA-18659).
        Api(ApiKey.PRODUCE, 3, 13, lowest_listed=0),
        Api(ApiKey.FETCH, 4, 18, only_reads=True),
        Api(ApiKey.LIST_OFFSETS, 1, 11, only_reads=True),
        Api(ApiKey.METADATA, 0, 13),
        Api(ApiKey.OFFSET_COMMIT, 2, 10),
        Api(ApiKey.OFFSET_FETCH, 1, 10, only_reads=True),
        Api(ApiKey.FIND_COORDINATOR, 0, 6, only_reads=True),
        Api(ApiKey.JOIN_GROUP, 0, 9),
        Api(ApiKey.HEARTBEAT, 0, 4),
        Api(ApiKey.LEAVE_GROUP, 0, 5),
        Api(ApiKey.SYNC_GROUP, 0, 5),
        Api(ApiKey.DESCRIBE_GROUPS, 0, 6, only_reads=True),
        Api(ApiKey.LIST_GROUPS, 0, 5, only_reads=True),
        Api(ApiKey.SASL_HANDSHAKE, 0, 1),
        Api(ApiKey.API_VERSIONS, 0, 4),
        Api(ApiKey.CREATE_TOPICS, 2, 7),
        Api(ApiKey.DELETE_TOPICS, 1, 6),
        Api(ApiKey.DELETE_RECORDS, 0, 2),
        Api(ApiKey.INIT_PRODUCER_ID, 0, 5),
        Api(ApiKey.OFFSET_FOR_LEADER_EPOCH, 2, 4, only_reads=True),
        Api(ApiKey.ADD_PARTITIONS_TO_TXN, 0, 5),
        Api(ApiKey.ADD_OFFSETS_TO_TXN, 0, 4),
        Api(ApiKey.END_TXN, 0, 5),
        Api(ApiKey.WRITE_TXN_MARKERS, 1, 2),
        Api(ApiKey.TXN_OFFSET_COMMIT, 0, 5),
        Api(ApiKey.DESCRIBE_ACLS, 1, 3, only_reads=True),
        Api(ApiKey.CREATE_ACLS, 1, 3, only_reads=True),
        Api(ApiKey.DELETE_ACLS, 1, 3, only_reads=True),
        Api(ApiKey.DESCRIBE_CONFIGS, 1, 4, only_reads=True),
        Api(ApiKey.ALTER_CONFIGS, 0, 2),
        Api(ApiKey.ALTER_REPLICA_LOG_DIRS, 1, 2, only_reads=True),
        Api(ApiKey.DESCRIBE_LOG_DIRS, 1, 5, only_reads=True),
        Api(ApiKey.SASL_AUTHENTICATE, 0, 2),
        Api(ApiKey.CREATE_PARTITIONS, 0, 3),
        Api(ApiKey.CREATE_DELEGATION_TOKEN, 1, 3),
        Api(ApiKey.RENEW_DELEGATION_TOKEN, 1, 2),
        Api(ApiKey.EXPIRE_DELEGATION_TOKEN, 1, 2),
        Api(ApiKey.DESCRIBE_DELEGATION_TOKEN, 1, 3, only_reads=True),
        Api(ApiKey.DELETE_GROUPS, 0, 2),
        Api(ApiKey.ELECT_LEADERS, 0, 2, only_reads=True),
        Api(ApiKey.INCREMENTAL_ALTER_CONFIGS, 0, 1),
        Api(ApiKey.ALTER_PARTITION_REASSIGNMENTS, 0, 1, only_reads=True),
        Api(ApiKey.LIST_PARTITION_REASSIGNMENTS, 0, 0, only_reads=True),
        Api(ApiKey.OFFSET_DELETE, 0, 0),
        Api(ApiKey.DESCRIBE_CLIENT_QUOTAS, 0, 1, only_reads=True),
        Api(ApiKey.ALTER_CLIENT_QUOTAS, 0, 1),
        Api(ApiKey.DESCRIBE_USER_SCRAM_CREDENTIALS, 0, 0, only_reads=True),
        Api(ApiKey.ALTER_USER_SCRAM_CREDENTIALS, 0, 0),
        Api(ApiKey.DESCRIBE_QUORUM, 0, 2, only_reads=True),
        Api(ApiKey.UPDATE_FEATURES, 0, 2),
        Api(ApiKey.DESCRIBE_CLUSTER, 0, 2, only_reads=True),
        Api(ApiKey.DESCRIBE_PRODUCERS, 0, 0, only_reads=True),
        Api(ApiKey.UNREGISTER_BROKER, 0, 0, only_reads=True),
        Api(ApiKey.DESCRIBE_TRANSACTIONS, 0, 0, only_reads=True),
        Api(ApiKey.LIST_TRANSACTIONS, 0, 2, only_reads=True),
        Api(ApiKey.LIST_CONFIG_RESOURCES, 0, 1, only_reads=True),
        Api(ApiKey.CONSUMER_GROUP_HEARTBEAT, 0, 1),
        Api(ApiKey.CONSUMER_GROUP_DESCRIBE, 0, 1, only_reads=True),
        Api(ApiKey.STREAMS_GROUP_HEARTBEAT, 0, 0),
        Api(ApiKey.STREAMS_GROUP_DESCRIBE, 0, 0, only_reads=True),
        Api(ApiKey.DESCRIBE_TOPIC_PARTITIONS, 0, 0, only_reads=True),
        Api(ApiKey.SHARE_GROUP_HEARTBEAT, 1, 1),
        Api(ApiKey.SHARE_GROUP_DESCRIBE, 1, 1, only_reads=True),
        Api(ApiKey.INITIALIZE_SHARE_GROUP_STATE, 0, 0),
        Api(ApiKey.READ_SHARE_GROUP_STATE, 0, 0),
        Api(ApiKey.WRITE_SHARE_GROUP_STATE, 0, 1),
        Api(ApiKey.DELETE_SHARE_GROUP_STATE, 0, 0),
        Api(ApiKey.READ_SHARE_GROUP_STATE_SUMMARY, 0, 1, only_reads=True),
        Api(ApiKey.SHARE_FETCH, 1, 2),
        Api(ApiKey.SHARE_ACKNOWLEDGE, 1, 2),
        Api(ApiKey.DESCRIBE_SHARE_GROUP_OFFSETS, 0, 1, only_reads=True),
        Api(ApiKey.ALTER_SHARE_GROUP_OFFSETS, 0, 0),
        Api(ApiKey.DELETE_SHARE_GROUP_OFFSETS, 0, 0),
        Api(ApiKey.ADD_RAFT_VOTER, 0, 1, only_reads=True),
        Api(ApiKey.REMOVE_RAFT_VOTER, 0, 0, only_reads=True),
    )
}


def apis_of(release: Release) -> Mapping[int, Api]:
    """The table as a release of Kafka lists it, as far as it is served here."""
    return _apis_of(release.name, tuple(release.apis.items())) if release.apis else TABLE


@cache
def _apis_of(release: str, listed: tuple[tuple[str, tuple[int, int] | None], ...]) -> Mapping[int, Api]:
    versions = dict(listed)
    apis = (_within(api, versions[api.key.name]) if api.key.name in versions else api for api in TABLE.values())
    return {api.key: api for api in apis if api is not None}


def _within(api: Api, versions: tuple[int, int] | None) -> Api | None:
    """An API with these versions, or none where the release has none of those that are served."""
    if versions is None:
        return None
    first, last = max(api.first, versions[0]), min(api.last, versions[1])
    return replace(api, first=first, last=last) if first <= last else None

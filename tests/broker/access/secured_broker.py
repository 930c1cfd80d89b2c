"""A whole broker without sockets that has an authorizer: requests pass its stage, and rules are given one by one."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from odradek.broker.access.stage import AuthorizationStage
from odradek.broker.apis import TABLE
from odradek.broker.network.pipeline import build_pipeline
from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.protocol.codec import decode, encode_bytes
from odradek.protocol.header import RequestHeader
from odradek.protocol.schema import declared

from ..handlers.broker_harness import AskedBroker
from ..handlers.group_context import Asked

R = TypeVar("R")
TOPIC, GROUP, TXN, CLUSTER = (
    ResourceType.TOPIC,
    ResourceType.GROUP,
    ResourceType.TRANSACTIONAL_ID,
    ResourceType.CLUSTER,
)
CLUSTER_NAME = "kafka-cluster"
ME = "User:ANONYMOUS"


class SecuredBroker(AskedBroker):
    """Whose client may do nothing that it is not allowed."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__({"authorizer.class.name": "StandardAuthorizer", **(settings or {})})

    def _start(self) -> None:
        super()._start()
        self.handle = build_pipeline([AuthorizationStage(self.context)], self.context)

    def allow(
        self, kind: ResourceType, name: str, *operations: Operation, pattern: PatternType = PatternType.LITERAL
    ) -> None:
        """Rules for the client, of this and every other host."""
        self._change([Acl(kind, name, pattern, ME, "*", one, Permission.ALLOW) for one in operations])

    def deny(self, kind: ResourceType, name: str, *operations: Operation) -> None:
        """The same, and the contrary."""
        self._change([Acl(kind, name, PatternType.LITERAL, ME, "*", one, Permission.DENY) for one in operations])

    def _change(self, acls: list[Acl]) -> None:
        assert self.context.acls is not None
        self.context.acls.create(acls, lambda refusals: None)

    def serve(self, request: object, version: int, response_type: type[R]) -> R:
        """What the client is answered, through the bytes of that version."""
        key = declared(type(request)).api_key or 0
        decoded = decode(type(request), version, encode_bytes(request, version))
        answer = self.handle(TABLE[key].load(), decoded, RequestHeader(key, version, 1, "shop"), self.session)
        self.context.purgatory.complete_ready()
        return Asked(answer, lambda one: decode(response_type, version, encode_bytes(one, version))).answer


def code_of(answer: object) -> int:
    """The error of the whole answer."""
    return int(cast(Any, answer).error_code)

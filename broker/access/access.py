"""Access: what the client of one request may do."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from ..context import Context, client_of
from ..log_output import get_logger
from ..security.authorization.acl import CLUSTER_NAME, Operation, ResourceType
from ..security.authorization.authorizer import Authorizer
from ..session import Session
from ..slices import Steps

logger = get_logger("authorizer")

MOST_LOGGED = 10  # of one request

TOPIC, GROUP, TRANSACTIONAL_ID = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID
# What may be done to a resource at all, as far as clients are told of it.
OPERATIONS = {
    ResourceType.TOPIC: (
        *(Operation.READ, Operation.WRITE, Operation.CREATE, Operation.DELETE, Operation.ALTER, Operation.DESCRIBE),
        *(Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS),
    ),
    ResourceType.GROUP: (
        *(Operation.READ, Operation.DELETE, Operation.DESCRIBE),
        *(Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS),
    ),
    ResourceType.CLUSTER: (
        *(Operation.CREATE, Operation.ALTER, Operation.DESCRIBE, Operation.CLUSTER_ACTION),
        *(Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS, Operation.IDEMPOTENT_WRITE),
    ),
}


class Access:
    """One client, as the rules see it."""

    __slots__ = ("_api", "_authorizer", "_client", "context")

    def __init__(self, authorizer: Authorizer, session: Session, context: Context, api: str) -> None:
        """`api` is the request's, for the log."""
        self._authorizer = authorizer
        self._client = client_of(session)
        self._api = api
        self.context = context

    @property
    def principal(self) -> str:
        """Who it is: User:NAME."""
        return self._client.principal

    @property
    def user(self) -> str:
        """The name alone."""
        return self._client.principal.partition(":")[2]

    def may(self, operation: Operation, kind: ResourceType, name: str) -> bool:
        """Whether the client may do this to a resource."""
        return self._authorizer.is_allowed(self._client, operation, kind, name)

    def may_on_cluster(self, operation: Operation) -> bool:
        """Whether the client may do this to the cluster."""
        return self.may(operation, ResourceType.CLUSTER, CLUSTER_NAME)

    def may_somewhere(self, operation: Operation, kind: ResourceType) -> bool:
        """Whether there is any resource of this type to which the client may do this."""
        return self._authorizer.is_allowed_somewhere(self._client, operation, kind)

    def denied(self, operation: Operation, kind: ResourceType, names: Iterable[str | None]) -> Steps[set[str]]:
        """Those of the names to which the client may not do this; nameless ones are for the handler to refuse."""
        found: set[str] = set()
        for name in set(names):
            if name is not None and not self.may(operation, kind, name):
                found.add(name)
            yield
        for name in islice(found, MOST_LOGGED):
            self.log_denied(operation, kind, name)
        return found

    def lacks(self, operation: Operation, kind: ResourceType, name: str) -> bool:
        """Whether the client may not do what it has asked for."""
        if self.may(operation, kind, name):
            return False
        self.log_denied(operation, kind, name)
        return True

    def lacks_any(self, operation: Operation, kind: ResourceType, names: Iterable[str]) -> bool:
        """Whether the client may not do it to one of these."""
        return any(self.lacks(operation, kind, name) for name in set(names))

    def log_denied(self, operation: Operation, kind: ResourceType, name: str) -> None:
        """Say who was denied what: whoever wonders why a client does not get on finds it here."""
        principal, host = self._client
        logger.info(
            "denied", principal=principal, host=host, operation=operation.name, on=kind.name, name=name, api=self._api
        )

    def name_of(self, topic_id: bytes) -> str | None:
        """The name of the topic with this id."""
        return self.context.topics.name_of(topic_id)

    def operations(self, kind: ResourceType, name: str) -> int:
        """The bits of all operations that the client may do to a resource."""
        return sum(1 << one for one in OPERATIONS[kind] if self.may(one, kind, name))

    def tell_operations(self, items: Iterable[Any], field: str, kind: ResourceType, name: str) -> None:
        """Put the operations into those items of an answer, of a resource `name` each, that have some already."""
        for item in items:
            if getattr(item, field) >= 0:
                setattr(item, field, self.operations(kind, getattr(item, name)))

"""Acls: the rules of the metadata log, looked up and changed by clients, and obeyed whoever changed them."""

from collections.abc import Callable, Iterator, Sequence

from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.metadata_records import MetadataRecord, RemoveAccessControlEntryRecord
from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...metadata.metadata import Metadata
from ...slices import Steps
from .acl import CLUSTER_NAME, Acl, AclFilter, Operation, PatternType, Permission, ResourceType
from .authorizer import Authorizer

# Of one request, as in Kafka's controller.
MOST_CHANGES = 10000

Refusals = list[KafkaError | None]
Deletions = list[list[Acl] | KafkaError]


class Acls:
    """What handlers call. The authorizer has the rules that are there from the start on."""

    def __init__(self, authorizer: Authorizer, metadata: Metadata, new_id: Callable[[], bytes]) -> None:
        self.authorizer = authorizer
        self._metadata = metadata
        self._new_id = new_id
        self._acls: dict[bytes, Acl] = {}
        self._known: set[Acl] = set()
        for acl_id in metadata.image.acls:
            self._take(acl_id, metadata.image)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Rules have come or gone."""
        for acl_id in delta.changed_acls:
            self._take(acl_id, image)

    def _take(self, acl_id: bytes, image: MetadataImage) -> None:
        if (old := self._acls.pop(acl_id, None)) is not None:
            self.authorizer.remove(old)
            self._known.discard(old)
        if (record := image.acls.get(acl_id)) is not None:
            acl = self._acls[acl_id] = Acl.of_record(record)
            self.authorizer.add(acl)
            self._known.add(acl)

    def find(self, wanted: AclFilter) -> Iterator[Acl | None]:
        """The rules that a filter means; None for one that it does not."""
        for acl in list(self._acls.values()):
            yield acl if wanted.matches(acl) else None

    def create(self, acls: Sequence[Acl], then: Callable[[Refusals], None]) -> None:
        """Record the rules, each with what refuses it; one that is there already is not recorded again."""
        refusals: Refusals = []

        def decide(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
            added: dict[Acl, None] = {}
            for acl in acls:
                refusals.append(_refusal_of(acl))
                if refusals[-1] is None and acl not in self._known:
                    added[acl] = None
                yield
            _check_count(len(added))
            return [acl.record(self._new_id()) for acl in added]

        def done(error: KafkaError | None) -> None:
            then(refusals if error is None else [error] * len(acls))

        self._metadata.change(decide, done)

    def delete(self, filters: Sequence[AclFilter], then: Callable[[Deletions], None]) -> None:
        """Take back the rules that each filter means; a rule that two of them mean is told with both."""
        deletions: Deletions = []

        def decide(image: MetadataImage) -> Steps[Sequence[MetadataRecord]]:
            removed: dict[bytes, None] = {}
            for wanted in filters:
                if (refusal := _refusal_of_filter(wanted)) is not None:
                    deletions.append(refusal)
                    continue
                found: list[Acl] = []
                for acl_id, acl in list(self._acls.items()):
                    if wanted.matches(acl):
                        found.append(acl)
                        removed[acl_id] = None
                    yield
                deletions.append(found)
            if len(removed) > MOST_CHANGES:
                why = f"Cannot remove more than {MOST_CHANGES} acls in a single delete operation."
                raise KafkaError(ErrorCode.INVALID_REQUEST, why)
            return [RemoveAccessControlEntryRecord(id=acl_id) for acl_id in removed]

        def done(error: KafkaError | None) -> None:
            then(deletions if error is None else [error] * len(filters))

        self._metadata.change(decide, done)


def _check_count(count: int) -> None:
    if count > MOST_CHANGES:
        raise KafkaError(ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation.")


def _refusal_of(acl: Acl) -> KafkaError | None:
    """Why a rule is not taken, in Kafka's words."""
    why = None
    if acl.resource_type == ResourceType.CLUSTER and acl.name != CLUSTER_NAME:
        why = f"The only valid name for the CLUSTER resource is {CLUSTER_NAME}"
    elif not acl.name:
        why = "Invalid empty resource name"
    elif acl.resource_type == ResourceType.UNKNOWN:
        why = "Invalid resourceType UNKNOWN"
    elif acl.pattern_type == PatternType.UNKNOWN:
        why = "Invalid patternType UNKNOWN"
    elif acl.operation == Operation.UNKNOWN:
        why = "Invalid operation UNKNOWN"
    elif acl.permission == Permission.UNKNOWN:
        why = "Invalid permissionType UNKNOWN"
    elif ":" not in acl.principal:
        why = (
            f"Could not parse principal from `{acl.principal}` "
            "(no colon is present separating the principal type from the principal name)"
        )
    return None if why is None else KafkaError(ErrorCode.INVALID_REQUEST, why)


def _refusal_of_filter(wanted: AclFilter) -> KafkaError | None:
    if wanted.resource_type == ResourceType.UNKNOWN or wanted.pattern_type == PatternType.UNKNOWN:
        return KafkaError(ErrorCode.INVALID_REQUEST, "Unknown patternFilter.")
    if wanted.operation == Operation.UNKNOWN or wanted.permission == Permission.UNKNOWN:
        return KafkaError(ErrorCode.INVALID_REQUEST, "Unknown entryFilter.")
    return None

"""Limits: which quota holds for a client, and which clients share what it allows (KIP-55).

The most specific that was set counts, in the order of Kafka's ClientQuotaManager; what was set for a user, by name or
for all users, is shared by all client ids of that user, and what was set for client ids is shared by all users.
"""

from typing import NamedTuple

from ..metadata.image import QuotaEntity
from .entities import CLIENT_ID, USER

MOST_FOUND = 10_000  # clients whose quota is remembered; ids are theirs to choose


class Bucket(NamedTuple):
    """Who share one sum: a user, a client id, or a client id of a user; "" for all."""

    user: str
    client_id: str


class Limits:
    """The quotas of one kind, by entity."""

    def __init__(self) -> None:
        self._bounds: dict[QuotaEntity, float] = {}
        self._found: dict[tuple[str, str], tuple[Bucket, float] | None] = {}  # of clients that have asked

    def __len__(self) -> int:
        return len(self._bounds)

    def set(self, entity: QuotaEntity, bound: float | None) -> None:
        """Set a quota, or take it back with None."""
        self._found.clear()
        if bound is None:
            self._bounds.pop(entity, None)
        else:
            self._bounds[entity] = bound

    def find(self, user: str, client_id: str) -> tuple[Bucket, float] | None:
        """The bucket of a client and its bound; None if nothing holds for it."""
        if not self._bounds:
            return None
        client = (user, client_id)
        if client not in self._found:
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            self._found[client] = self._find(user, client_id)
        return self._found[client]

    def _find(self, user: str, client_id: str) -> tuple[Bucket, float] | None:
        bucket = self._bucket_of(user, client_id)
        if bucket is None:
            return None
        bound = self._bound_of(bucket)
        return None if bound is None else (bucket, bound)

    def _bucket_of(self, user: str, client_id: str) -> Bucket | None:
        both = Bucket(user, client_id)
        for entity, bucket in (
            (_both(user, client_id), both),
            (_both(user, None), both),
            (_user(user), Bucket(user, "")),
            (_both(None, client_id), both),
            (_BOTH_DEFAULTS, both),
            (_DEFAULT_USER, Bucket(user, "")),
            (_client(client_id), Bucket("", client_id)),
            (_DEFAULT_CLIENT, Bucket("", client_id)),
        ):
            if entity in self._bounds:
                return bucket
        return None

    def _bound_of(self, bucket: Bucket) -> float | None:
        """A client without an id has no part in the quotas of client ids, their defaults included."""
        user, client_id = bucket
        order: tuple[QuotaEntity, ...]
        if user and client_id:
            order = (_both(user, client_id), _both(user, None), _both(None, client_id), _BOTH_DEFAULTS)
        elif user:
            order = (_user(user), _DEFAULT_USER)
        elif client_id:
            order = (_client(client_id), _DEFAULT_CLIENT)
        else:
            return None
        return next((self._bounds[entity] for entity in order if entity in self._bounds), None)


def _both(user: str | None, client_id: str | None) -> QuotaEntity:
    return ((CLIENT_ID, client_id), (USER, user))


def _user(user: str | None) -> QuotaEntity:
    return ((USER, user),)


def _client(client_id: str | None) -> QuotaEntity:
    return ((CLIENT_ID, client_id),)


_BOTH_DEFAULTS = _both(None, None)
_DEFAULT_USER = _user(None)
_DEFAULT_CLIENT = _client(None)

"""A group whose members commit offsets in their own name, by their epoch: consumer and streams groups (KIP-1251)."""

from .....protocol.errors import ErrorCode, KafkaError
from ..offset_commit import OffsetCommit
from .group import M, ModernGroup, T


class CommittingGroup(ModernGroup[M, T]):
    """Says who may commit and fetch; a kind adds what a member was given, and when."""

    __slots__ = ()

    def given_at(self, member: M, topic: str, partition: int) -> int | None:
        """The epoch at which a member was given what it has of this partition; None for what it does not have."""
        raise NotImplementedError

    def is_by_generation(self, member: M) -> bool:
        """Whether a member speaks the classic protocol, and takes its epoch for the group's generation."""
        return False

    def check_commit(self, commit: OffsetCommit) -> None:
        """Whether offsets may be committed in this name.

        UNKNOWN_MEMBER_ID, UNSUPPORTED_VERSION, STALE_MEMBER_EPOCH, ILLEGAL_GENERATION. An administrator commits to an
        empty group; a transactional producer without any name is an old client and passes. A member that is late to
        learn of its new epoch may commit what it has had since the one it knows.
        """
        if commit.generation < 0 and not self.members:
            return
        is_named = commit.generation >= 0 or commit.member_id or commit.group_instance_id is not None
        if commit.is_transactional and not is_named:
            return
        member = self.known_member(commit.member_id)
        is_by_generation = self.is_by_generation(member)
        if not (commit.is_transactional or commit.has_member_epoch or is_by_generation):
            raise KafkaError(ErrorCode.UNSUPPORTED_VERSION)
        if commit.generation == member.epoch:
            return
        if is_by_generation:
            raise KafkaError(ErrorCode.ILLEGAL_GENERATION)
        if commit.generation > member.epoch or not self._has_had(member, commit):
            # TxnOffsetCommit knows no member epochs.
            raise KafkaError(ErrorCode.ILLEGAL_GENERATION if commit.is_transactional else ErrorCode.STALE_MEMBER_EPOCH)

    def _has_had(self, member: M, commit: OffsetCommit) -> bool:
        """Whether a member was given each of these partitions by the epoch that it knows of."""
        for offset in commit.offsets:
            since = self.given_at(member, offset.topic, offset.partition)
            if since is None or commit.generation < since:
                return False
        return True

    def check_fetch(self, member_id: str | None, member_epoch: int) -> None:
        """Whether offsets may be fetched in this name: UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH, ILLEGAL_GENERATION."""
        if member_id is None and member_epoch < 0:
            return
        member = self.known_member(member_id or "")
        if member.epoch != member_epoch:
            is_by_generation = self.is_by_generation(member)
            raise KafkaError(ErrorCode.ILLEGAL_GENERATION if is_by_generation else ErrorCode.STALE_MEMBER_EPOCH)

    def check_offset_delete(self) -> None:
        """Offsets of topics that nobody reads may always be deleted."""

"""The error of a fenced producer: PRODUCER_FENCED came with version 2 of the coordinator's requests."""

from ....protocol.errors import ErrorCode

FENCED_FROM_VERSION = 2


def fencing_code(code: ErrorCode, version: int) -> ErrorCode:
    """The code as a client of this version of AddPartitionsToTxn, AddOffsetsToTxn or EndTxn knows it."""
    if code == ErrorCode.PRODUCER_FENCED and version < FENCED_FROM_VERSION:
        return ErrorCode.INVALID_PRODUCER_EPOCH
    return code

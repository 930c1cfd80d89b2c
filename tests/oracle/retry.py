"""When a broker that has just started may be judged: its coordinators have loaded, producer ids are at hand."""

import time
from collections.abc import Callable

from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
)

RETRY_S = 0.05


def wait_until_settled(address: str, deadline: float, still_runs: Callable[[], bool] = lambda: True) -> None:
    """Asks until groups and producer ids are answered; TimeoutError at `deadline` (monotonic seconds)."""
    why = "nobody listens"
    while time.monotonic() < deadline and still_runs():
        try:
            with Wire(address, timeout_s=5.0) as wire:
                why = _unsettled(wire)
        except OSError as error:
            why = str(error)
        if not why:
            return
        time.sleep(RETRY_S)
    raise TimeoutError(why)


def _unsettled(wire: Wire) -> str:
    """What is not there yet; empty when everything is."""
    ids = wire.ask(
        InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60000), 4, InitProducerIdResponse
    )
    if ids.error_code != ErrorCode.NONE:
        return f"InitProducerId answers {ErrorCode(ids.error_code).name}"
    # Every partition of __consumer_offsets loads on its own; these names fall on all of the four.
    for group in ("settling-a", "settling-b", "settling-c", "settling-d"):
        found = wire.ask(FindCoordinatorRequest(key=group), 3, FindCoordinatorResponse)
        if found.error_code != ErrorCode.NONE:
            return f"FindCoordinator answers {ErrorCode(found.error_code).name}"
        asked = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=None)])
        offsets = wire.ask(asked, 8, OffsetFetchResponse).groups[0]
        if offsets.error_code != ErrorCode.NONE:
            return f"OffsetFetch answers {ErrorCode(offsets.error_code).name}"
    return ""

"""A clock and faults as coroutines: what is wrong is said, and nothing changed."""

import pytest

from odradek.broker.faults.rule import FaultError
from odradek.broker.testing.async_cluster_host import AsyncClusterHost


async def test_a_clock_goes_at_a_rate_and_never_back() -> None:
    async with AsyncClusterHost() as host, await host.cluster() as cluster:
        await cluster.clock.run(0)
        at = await cluster.clock.now_ms()
        with pytest.raises(ValueError, match="moved forward"):
            await cluster.clock.advance(ms=-1)
        with pytest.raises(ValueError, match="rate from 0 to 1000000"):
            await cluster.clock.run(-1)
        assert await cluster.clock.now_ms() == at


async def test_a_rule_that_can_mean_nothing_is_refused_and_hits_that_do_not_come_are_counted() -> None:
    async with AsyncClusterHost() as host, await host.cluster() as cluster:
        with pytest.raises(FaultError, match="did you mean 'Produce'"):
            await cluster.faults.add(api="Produse", action="blackhole")
        assert await cluster.faults.never_hit() == []
        fault = await cluster.faults.add(api="Produce", action="blackhole")
        with pytest.raises(AssertionError, match=r"not 2 hits of the fault api=Produce action=blackhole, but 0"):
            await fault.await_hits(2, timeout_s=0.01)
        assert fault.fault_id

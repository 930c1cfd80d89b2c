"""What Kafka closes a connection for before it looks at access rules."""

import pytest

from odradek.broker.acl_filters import check_known
from odradek.broker.deferred import Disconnect


def test_any_other_number_may_come() -> None:
    check_known(1, 2, 3, 99, -1)


@pytest.mark.parametrize("kinds", [(0, 1), (1, 0), (0,)])
def test_unknown_may_not(kinds: tuple[int, ...]) -> None:
    with pytest.raises(Disconnect):
        check_known(*kinds)

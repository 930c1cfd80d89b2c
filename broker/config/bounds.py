"""The bounds that the broker has for what groups may set for themselves."""


def within(value: int, lowest: int, highest: int) -> int:
    """The value, or the bound that is nearest to it: a change of the bounds counts for what was set before."""
    return max(lowest, min(value, highest))

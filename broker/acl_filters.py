"""What every request about access rules is held to before it is answered."""

from .deferred import Disconnect

UNKNOWN = 0


def check_known(*kinds: int) -> None:
    """Disconnect where a type, pattern, operation or permission is the UNKNOWN that no client may send."""
    if UNKNOWN in kinds:
        raise Disconnect("a request about access rules has an UNKNOWN element")

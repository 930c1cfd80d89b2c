"""Whom a call is meant for, by its Host header: a page of the web may have its own name lead here (DNS rebinding).

The one rule: a name that such a page could be served by is none of ours, unless --control says so.
"""

from ipaddress import ip_address

from .operation import Refused


def check_host(given: str, named: str) -> None:
    """Refused for a call to a host that is not this one; `named` is what --control names."""
    if given and not _is_own(_without_port(given), named.lower()):
        raise Refused(
            403,
            f"the control plane is not at {given[:100]!r}: call it by its address, by localhost, "
            "or by the name that --control has",
        )


def _is_own(name: str, named: str) -> bool:
    if name in ("localhost", named) or _is_address(name):
        return True
    # No page of the web is at a name without a dot, as containers have them.
    return "." not in name and not _is_loopback(named)


def _without_port(given: str) -> str:
    if given.startswith("["):
        return given[1:].partition("]")[0].lower()
    return given.partition(":")[0].lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(named: str) -> bool:
    return named == "localhost" or (_is_address(named) and ip_address(named.partition("%")[0]).is_loopback)

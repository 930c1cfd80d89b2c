"""A bootstrap address: is it written well, does its name resolve, does something take connections there?"""

from . import remedies
from .addresses import Typed
from .facts import Reached, Visit
from .findings import Finding, Status, Step, ok, wrong
from .words import attempts_in_words, every_attempt, is_loopback, partly_reached


def check_bootstrap(typed: Typed, visit: Visit | None) -> Step:
    """`visit` is None where nothing could be made of what was typed."""
    if visit is None:
        problems = _problems(typed).replace(f"{typed.text!r}: ", "")  # the line begins with it
        return wrong(f"bootstrap {typed.text}", f"is no address: {problems}", *typed.findings)
    name = f"bootstrap {visit.endpoint}"
    if visit.resolve_error:
        text = f"{visit.endpoint.host} does not resolve here ({visit.resolve_error})"
        finding = Finding("unknown-name", text + ".", tuple(remedies.resolve_it(visit.endpoint.host)))
        return wrong(name, text, *typed.findings, finding)
    text = f"{_problems(typed)}; {every_attempt(visit)}" if typed.findings else attempts_in_words(visit)
    if not visit.connected:
        return wrong(name, text, *typed.findings, not_reached(visit))
    notes = partly_reached(visit)
    if not typed.findings:
        return ok(name, text, notes)
    return Step(name, Status.WRONG, text, (*typed.findings, *notes))


def _problems(typed: Typed) -> str:
    return "; ".join(one.problem.rstrip(".") for one in typed.findings)


def not_reached(visit: Visit) -> Finding:
    """Why no address of a name takes connections, and what to do; the name does resolve."""
    ways = {one.reached for one in visit.attempts}
    problem = f"Nothing takes connections at {visit.endpoint}: {every_attempt(visit)}."
    if visit.elsewhere is not None:
        return other_loopback(visit)
    is_here = any(is_loopback(one.ip) for one in visit.attempts)
    start = remedies.start_or_publish(visit.endpoint, is_here=is_here)
    if ways == {Reached.REFUSED}:
        return Finding("refused", problem, tuple(start))
    if Reached.UNREACHABLE in ways:
        return Finding("no-route", problem, (remedies.ROUTE,))
    return Finding("no-answer", problem, (remedies.LET_THROUGH, *(start if Reached.REFUSED in ways else ())))


def other_loopback(visit: Visit) -> Finding:
    """The name has one address family only, and the broker listens on the other one."""
    there = visit.elsewhere.ip if visit.elsewhere is not None else ""
    return Finding(
        "other-address-family",
        f"{visit.endpoint.host} is {every_attempt(visit)}, but a broker listens "
        f"on {there}: the name and the broker do not have the same kind of IP address.",
        (
            f"Use {there} in place of {visit.endpoint.host}: in bootstrap.servers, or in advertised.listeners where "
            "the broker gives that name.",
            f"Or have the broker listen on both (listeners=PLAINTEXT://:{visit.endpoint.port}; Odradek listens on "
            f"both for --listen localhost:{visit.endpoint.port}).",
        ),
    )

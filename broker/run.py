"""Running what `odradek serve` is to run, until a signal ends it: a broker, or one that is held."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .broker import Broker, StartError
from .garbage import keep_collections_short

if TYPE_CHECKING:
    from .control.held_broker import HeldBroker
    from .control.serving import ControlledBroker
    from .scenario.opening import ScenarioOpening

SWITCH_INTERVAL_S = 0.001
_PACKAGES = {"yaml": "PyYAML"}  # that are not called as what they hold


def run(make_broker: Callable[..., Broker], control_address: str | None, how: Mapping[str, Any]) -> None:
    """Until SIGTERM or SIGINT; `how` is what a HeldBroker is given. StartError."""
    # A thread that computes lets the loop have its turn after a millisecond, not after five.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    broker = _held(make_broker, control_address, how)
    try:
        import uvloop
    except ImportError:  # Windows has none
        asyncio.run(_serve(broker))
    else:
        uvloop.run(_serve(broker))


def read_scenario(path: Path) -> "ScenarioOpening":
    """StartError for what is wrong with the file, by its line, and for what is to be installed."""
    with _named("--scenario"):
        from .scenario.loading import load_scenario
    from .scenario.opening import ScenarioOpening

    return ScenarioOpening(load_scenario(path), path)


def take_all_descriptors() -> None:
    """Raise the soft limit of open files to the hard one: a connection takes one each, and so do files in use."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS names a hard limit that it does not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _held(
    make_broker: Callable[..., Broker], address: str | None, how: Mapping[str, Any]
) -> "Broker | ControlledBroker | HeldBroker":
    """Whatever has to be held is held, `how` a HeldBroker takes it. StartError names what is to be installed."""
    if address is not None:
        with _named("--control"):
            from .control.serving import ControlledBroker
        return ControlledBroker(make_broker, address, **how)
    if how["opening"] is not None:
        from .control.held_broker import HeldBroker

        return HeldBroker(make_broker, **how)
    return make_broker()


@contextlib.contextmanager
def _named(option: str) -> Generator[None]:
    """What an option needs and is not installed is named, and the extra with it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise StartError(
            f"{option} needs {_PACKAGES.get(error.name or '', error.name)}: pip install 'odradek[control]'"
        ) from None


async def _serve(broker: "Broker | ControlledBroker | HeldBroker") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(signum, stop.set)
    await broker.start()
    keep_collections_short()
    print(f"odradek ready {broker.ready}", flush=True)
    try:
        await stop.wait()
    finally:
        await broker.stop()

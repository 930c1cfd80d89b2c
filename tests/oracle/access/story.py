"""A story: a conversation of the administrator's with a broker, and of the guest's."""

from collections.abc import Callable

from odradek.broker.wire import Wire

from ..wire_session import Dialogue
from .guest import Rules

Story = Callable[[Dialogue, Rules, Wire], None]
STORIES: dict[str, Story] = {}


def story(function: Story) -> Story:
    """Registers a conversation of the administrator's with the broker, and of the guest's."""
    STORIES[function.__name__] = function
    return function

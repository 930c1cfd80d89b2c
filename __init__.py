"""Odradek: a Kafka-compatible broker that starts in a fraction of a second."""

from typing import TYPE_CHECKING

__all__ = ["Broker", "BrokerConfig"]

if TYPE_CHECKING:
    from .broker.config.broker_config import BrokerConfig
    from .broker.testing.public_broker import Broker
else:
    _HOMES = {"Broker": "testing.public_broker", "BrokerConfig": "config.broker_config"}

    def __getattr__(name: str) -> object:
        """Load the public names on first use (PEP 562): the pytest plugin must cost nothing."""
        if name in _HOMES:
            from importlib import import_module

            return getattr(import_module(f".broker.{_HOMES[name]}", __name__), name)
        raise AttributeError(name)

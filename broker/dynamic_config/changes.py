"""What a request changes of one resource: single settings (KIP-339), or all of them at once.

Pure: what is set now in, what is to be set out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ...protocol.errors import ErrorCode, KafkaError
from ..config.config_def import ConfigKey
from ..config.java_values import split_list, trim


class Operation(IntEnum):
    """What becomes of a setting, in Kafka's numbers."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One setting of a request; `operation` may be any number."""

    name: str
    value: str | None
    operation: int = Operation.SET


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What a request asks of one resource. With `is_whole` what it does not name is taken back."""

    resource_type: int
    name: str
    changes: Sequence[ConfigChange]
    is_whole: bool = False

    def check_form(self) -> None:
        """What can be said before anything is looked up."""
        names = [change.name for change in self.changes]
        if len(set(names)) < len(names):
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Error due to duplicate config keys")
        empty = [one.name for one in self.changes if one.value is None and one.operation != Operation.DELETE]
        if empty:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Null value not supported for : {', '.join(empty)}")

    def applied(
        self,
        now: Mapping[str, str],
        find: Callable[[str], ConfigKey | None],
        in_force: Callable[[str], str | None],
        refuse: Callable[[ConfigChange], KafkaError],
    ) -> dict[str, str]:
        """What is set afterwards. `in_force` is what a list begins with that is not set itself.

        `refuse` says why a number cannot be added to, and why there is no such operation.
        """
        after = {} if self.is_whole else dict(now)
        for change in self.changes:
            key, value = find(change.name), change.value or ""
            match change.operation:
                case Operation.SET:
                    after[change.name] = value
                case Operation.DELETE:
                    after.pop(change.name, None)
                case Operation.APPEND | Operation.SUBTRACT if key is not None and key.type == "LIST":
                    parts = split_list(trim(after.get(change.name, in_force(change.name) or "")))
                    after[change.name] = ",".join(_listed(parts, split_list(trim(value)) or [""], change.operation))
                case _:
                    raise refuse(change)
        return after


def _listed(parts: Sequence[str], named: Sequence[str], operation: int) -> list[str]:
    if operation == Operation.SUBTRACT:
        return [part for part in parts if part not in named]
    return [*parts, *(part for part in dict.fromkeys(named) if part not in parts)]

"""Asks any Kafka over a raw connection, each question at the newest version that both sides have."""

from collections.abc import Sequence
from typing import TypeVar

from ...protocol.errors import ErrorCode
from ...protocol.messages.api_versions import ApiVersion, ApiVersionsRequest, ApiVersionsResponse
from ...protocol.schema import declared
from ..wire import Wire

Response = TypeVar("Response")

_NAMES = {int(code): code.name for code in ErrorCode}


class NotServed(Exception):
    """The broker does not serve an API, or at no version that is known here."""


def error_name(code: int) -> str:
    """An error code as Kafka names it."""
    return _NAMES.get(code, f"error {code}")


class NewestVersions:
    """One connection, and what its broker serves; `learn` comes first where that is not known already."""

    def __init__(self, wire: Wire, served: Sequence[ApiVersion] = ()) -> None:
        self._wire = wire
        self._served = {one.api_key: one for one in served}

    def learn(self) -> None:
        """Ask which versions there are. NotServed where that is refused, and what Wire.ask raises."""
        # Version 0: the one that every broker has ever had.
        answer = self._wire.ask(ApiVersionsRequest(), 0, ApiVersionsResponse)
        if answer.error_code != ErrorCode.NONE:
            raise NotServed(error_name(answer.error_code))
        self._served = {served.api_key: served for served in answer.api_keys}

    def ask(self, request: object, response_type: type[Response]) -> Response:
        """The answer at the newest common version. NotServed, and what Wire.ask raises."""
        return self._wire.ask(request, self.version_of(type(request)), response_type)

    def version_of(self, request_type: type) -> int:
        """The newest common version. NotServed."""
        life = declared(request_type)
        served = None if life.api_key is None else self._served.get(life.api_key)
        name = request_type.__name__.removesuffix("Request")
        if served is None:
            raise NotServed(f"{name} is not served")
        version = min(served.max_version, life.versions.last)
        if version < max(served.min_version, life.versions.first):
            raise NotServed(f"{name} is served at versions {served.min_version}-{served.max_version} only")
        return version

"""A frame becomes a request, a handler's answer becomes segments. Nothing here knows what any API means."""

from dataclasses import dataclass
from typing import Any, TypeGuard

from ...protocol.api_keys import ApiKey
from ...protocol.codec import Segment, encoder
from ...protocol.frame import frame_of
from ...protocol.header import RequestHeader, decode_request_header, encode_response_header
from ...protocol.wire import CorruptFrame
from ..apis import TABLE, LoadedApi
from ..context import Context
from ..deferred import Deferred, Disconnect
from ..handlers.api_versions import unsupported_version_answer
from ..log_output import get_logger
from ..session import Session

logger = get_logger("dispatch")


@dataclass(slots=True)
class DeferredResponse:
    """An answer that is not there yet, and what is needed to encode it."""

    parked: Deferred[Any]
    header: RequestHeader
    api: LoadedApi


class Dispatcher:
    """Finds the handler of each request and encodes its answer."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def receive(
        self, frame: bytes | bytearray | memoryview, session: Session
    ) -> list[Segment] | DeferredResponse | None:
        """Answer one frame: segments, a parked answer, or None where none is due (acks=0).

        Raises CorruptFrame for what does not parse and Disconnect for what Kafka closes silently.
        """
        if len(frame) < 8:
            raise CorruptFrame(f"a frame of {len(frame)} bytes cannot hold a request header")
        key = int.from_bytes(frame[:2], "big", signed=True)
        version = int.from_bytes(frame[2:4], "big", signed=True)
        api = TABLE.get(key)
        if api is None:
            raise Disconnect(f"api key {key} is not served")
        loaded = api.load()
        if not api.serves(version):
            if key != ApiKey.API_VERSIONS:
                raise Disconnect(f"{api.name} version {version} is not served")
            return self._unknown_api_versions(frame, version, session, loaded)
        header, pos = decode_request_header(frame, loaded.flexible_from)
        session.client_id = header.client_id or ""
        request, _ = loaded.decoder(version)(frame, pos)
        response = self._handle(loaded, request, header, session)
        if response is None:
            return None
        if _is_parked(response):
            return DeferredResponse(response, header, loaded)
        return self.encode(header, loaded, response)

    def encode(self, header: RequestHeader, api: LoadedApi, response: Any) -> list[Segment]:
        """The frame of an answer, as segments."""
        out = encode_response_header(header.api_key, header.api_version, header.correlation_id, api.flexible_from)
        segments: list[Segment] = []
        api.encoder(header.api_version)(response, out, segments)
        segments.append(out)
        return frame_of(segments)

    def settle(self) -> None:
        """Answer the long polls that the last request made ready."""
        self._context.settle()

    def _handle(self, api: LoadedApi, request: Any, header: RequestHeader, session: Session) -> Any:
        try:
            return api.handle(request, header.api_version, session, self._context)
        except Disconnect:
            raise
        except Exception as error:
            logger.exception("a request failed", api=api.name, version=header.api_version, client_id=session.client_id)
            answer = api.failure_answer(header.api_version)
            if answer is None:
                raise Disconnect(f"{api.name} failed: {error}") from error
            return answer

    def _unknown_api_versions(
        self, frame: bytes | bytearray | memoryview, version: int, session: Session, api: LoadedApi
    ) -> list[Segment]:
        """KIP-511: an unknown version is answered in the shape of version 0, the body unread."""
        header, _ = decode_request_header(frame, api.flexible_from)
        session.client_id = header.client_id or ""
        out = encode_response_header(header.api_key, 0, header.correlation_id, api.flexible_from)
        segments: list[Segment] = []
        encoder(api.response, 0)(unsupported_version_answer(self._context), out, segments)
        segments.append(out)
        return frame_of(segments)


def _is_parked(response: object) -> TypeGuard[Deferred[Any]]:
    return isinstance(response, Deferred)

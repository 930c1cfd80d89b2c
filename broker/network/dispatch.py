"""A frame becomes a request, a handler's answer becomes segments. Nothing here knows what any API means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...protocol.api_keys import ApiKey
from ...protocol.codec import Segment
from ...protocol.frame import frame_of
from ...protocol.header import RequestHeader, decode_request_header, encode_response_header
from ...protocol.wire import CorruptFrame
from ..apis import TABLE, LoadedApi
from ..context import Context
from ..deferred import Deferred, Disconnect
from ..handlers.api_versions import unsupported_version_answer
from ..log_output import get_logger
from ..session import Session
from .pipeline import Stage, build_pipeline, is_deferred, report_failure

logger = get_logger("dispatch")


@dataclass(frozen=True, slots=True)
class DeferredResponse:
    """An answer that is not there yet, and what is needed to encode it."""

    deferred: Deferred[object]
    api: LoadedApi
    header: RequestHeader

    def deliver_to(self, send: Callable[[list[Segment] | None], None], close: Callable[[str], None]) -> None:
        """`send` gets the answer's segments, or None where no answer is due; `close` gets why there can be none."""

        def on_answer(response: object) -> None:
            try:
                segments = None if response is None else encode_response(self.api, self.header, response)
            except Exception as error:
                # The answer came out of another client's request, which must not pay for it.
                logger.exception("a deferred response could not be encoded", api=self.api.name)
                close(f"an unexpected {type(error).__name__}")
                return
            send(segments)

        def on_failed(error: Exception) -> None:
            try:
                segments = encode_failure(self.api, self.header, error)
            except Disconnect as end:
                close(str(end))
                return
            send(segments)

        self.deferred.deliver_to(on_answer, on_failed)

    def drop(self) -> None:
        """The client has gone."""
        self.deferred.drop()


class Dispatcher:
    """Finds the handler of each request and encodes its answer."""

    def __init__(self, context: Context, stages: Sequence[Stage] = ()) -> None:
        self._context = context
        self._handle = build_pipeline(stages, context)
        self.hold = context.purgatory.hold  # to be called before each request
        self.complete_ready = context.purgatory.complete_ready  # and after it

    def receive(
        self, frame: bytes | bytearray | memoryview, session: Session
    ) -> list[Segment] | DeferredResponse | None:
        """Answer one frame: segments, a deferred response, or None where no answer is due (acks=0).

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
        is_served = api.serves(version)
        if not is_served and key != ApiKey.API_VERSIONS:
            raise Disconnect(f"{api.name} version {version} is not served")
        header, pos = decode_request_header(frame, loaded.flexible_from)
        session.client_id = header.client_id or ""
        if not is_served:
            return self._refuse_version(loaded, header)
        request, _ = loaded.decoder(version)(frame, pos)
        try:
            answer = self._handle(loaded, request, header, session)
        except Disconnect:
            raise
        except Exception as error:
            report_failure(loaded, header)
            return encode_failure(loaded, header, error)
        if answer is None:
            return None
        if is_deferred(answer):
            return DeferredResponse(answer, loaded, header)
        return encode_response(loaded, header, answer)

    def _refuse_version(self, api: LoadedApi, header: RequestHeader) -> list[Segment]:
        """KIP-511: an unknown version of ApiVersions is answered in the shape of version 0, the body unread."""
        return encode_response(api, header._replace(api_version=0), unsupported_version_answer(self._context))


def encode_response(api: LoadedApi, header: RequestHeader, response: object) -> list[Segment]:
    """The frame of an answer, as segments."""
    out = encode_response_header(header.api_key, header.api_version, header.correlation_id, api.flexible_from)
    segments: list[Segment] = []
    api.encoder(header.api_version)(response, out, segments)
    segments.append(out)
    return frame_of(segments)


def encode_failure(api: LoadedApi, header: RequestHeader, error: Exception) -> list[Segment]:
    """The answer to a request that failed; Disconnect where its version has no place for an error."""
    if isinstance(error, Disconnect):
        raise error
    answer = api.failure_answer(header.api_version)
    if answer is None:
        raise Disconnect(f"{api.name} failed: {error}") from error
    return encode_response(api, header, answer)

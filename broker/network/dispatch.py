"""A frame becomes a request, a handler's answer becomes segments. Nothing here knows what any API means."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from ...protocol.api_keys import ApiKey, api_name
from ...protocol.codec import ANY_NUMBER, LargeMessage, Segment, TooManyItems
from ...protocol.errors import ErrorCode
from ...protocol.frame import frame_of
from ...protocol.header import NEVER_FLEXIBLE, RequestHeader, decode_request_header, encode_response_header
from ...protocol.wire import CorruptFrame
from ..apis import LoadedApi, apis_of
from ..context import Context
from ..deferred import Deferred, Disconnect
from ..handlers.api_versions import unsupported_version_answer
from ..log_output import get_logger
from ..session import Session
from .pipeline import Answer, Handle, Stage, build_pipeline, is_deferred, observe, report_failure
from .throttling import Throttling

logger = get_logger("dispatch")

R = TypeVar("R")


# Of one request: some seventy megabytes while it is worked on.
MOST_ITEMS = 1 << 18
# What is decoded and encoded on the loop; a larger message takes milliseconds, and is left to a thread.
LOOP_ITEMS = 2048
MOST_REFUSED = 1000  # clients and APIs that are remembered
LOOP_BYTES = 4 * 1024 * 1024  # which are copied, but for the records of a Produce

Segments: TypeAlias = list[Segment]


class Dispatcher:
    """Finds the handler of each request and encodes its answer."""

    def __init__(self, context: Context, stages: Sequence[Stage] = ()) -> None:
        self._context = context
        self._apis = apis_of(context.config.release)
        self._handle = build_pipeline(stages, context)
        self._quotas = context.quotas
        self._throttling = Throttling(context.quotas, context.clock)
        self._refused: set[tuple[str, int]] = set()  # client ids, and APIs that are not served
        self.hold = context.purgatory.hold  # to be called before each request
        self.complete_ready = context.purgatory.complete_ready  # and after it
        self.after_request = context.purgatory.after_request

    def receive(
        self, frame: bytes | bytearray | memoryview, session: Session
    ) -> Segments | Deferred[Segments | None] | None:
        """Answer one frame: segments, now or later, or None where no answer is due (acks=0).

        Raises CorruptFrame for what does not parse and Disconnect for what Kafka closes silently, or a deferred answer
        fails with them.
        """
        authentication = session.authentication
        if authentication is not None and authentication.is_raw:
            return self._context.sasl.take_token(session, bytes(frame))
        if len(frame) < 8:
            raise CorruptFrame(f"a frame of {len(frame)} bytes cannot hold a request header")
        key = int.from_bytes(frame[:2], "big", signed=True)
        version = int.from_bytes(frame[2:4], "big", signed=True)
        api = self._apis.get(key)
        if api is None:
            raise self._not_served(frame, key, session)
        loaded = api.load()
        is_served = api.serves(version)
        if not is_served and key != ApiKey.API_VERSIONS:
            raise Disconnect(f"{api.name} version {version} is not served")
        header, pos = decode_request_header(frame, loaded.flexible_from)
        session.client_id = header.client_id or ""
        if authentication is not None and (why := authentication.check(key, self._context.clock.now())):
            return self._refuse_before_login(frame, pos, header, session, why)
        if not is_served:
            return self._refuse_version(loaded, header)
        if len(frame) > LOOP_BYTES and key != ApiKey.PRODUCE:
            return self._decode_beside_loop(frame, pos, loaded, header, session)
        try:
            request, _ = loaded.decoder(version)(frame, pos, LOOP_ITEMS)
        except TooManyItems:
            return self._decode_beside_loop(frame, pos, loaded, header, session)
        is_login = authentication is not None and not authentication.is_complete  # which no quota counts
        if self._quotas.is_active and not is_login:
            return self._serve_metered(loaded, request, header, session, len(frame))
        return self._serve(loaded, request, header, session)

    def _not_served(self, frame: bytes | bytearray | memoryview, key: int, session: Session) -> Disconnect:
        """Why the connection is closed: logged once for each client and API, however often it tries again."""
        header, _ = decode_request_header(frame, NEVER_FLEXIBLE)
        session.client_id = header.client_id or ""
        asked = (session.client_id, key)
        is_repeated = asked in self._refused
        if len(self._refused) < MOST_REFUSED:
            self._refused.add(asked)
        return Disconnect(f"{api_name(key)} is not served", is_repeated=is_repeated)

    def _refuse_before_login(
        self, frame: bytes | bytearray | memoryview, pos: int, header: RequestHeader, session: Session, why: str
    ) -> Segments | Deferred[Segments | None] | None:
        """ILLEGAL_SASL_STATE, where the API has a place for it, and the end of the connection."""
        served = self._apis[header.api_key]
        api = served.load()
        if not served.serves(header.api_version):
            raise Disconnect(why)
        try:
            request, _ = api.decoder(header.api_version)(frame, pos, LOOP_ITEMS)
        except TooManyItems:
            raise Disconnect(why) from None
        from ..answers.error_answers import refusal  # only here, and so not at every start

        answer = refusal(request, api.response, header.api_version, ErrorCode.ILLEGAL_SASL_STATE, why)

        def refuse(api: LoadedApi, request: object, header: RequestHeader, session: Session) -> Answer:
            return self._context.sasl.refuse(session, answer, why)

        return self._serve(api, request, header, session, refuse)

    def _serve(
        self, api: LoadedApi, request: object, header: RequestHeader, session: Session, handle: Handle | None = None
    ) -> Segments | Deferred[Segments | None] | None:
        try:
            answer = (handle or self._handle)(api, request, header, session)
        except Disconnect:
            raise
        except Exception as error:
            report_failure(api, header)
            return encode_failure(api, header, error)
        if answer is None:
            return None
        if is_deferred(answer):
            return self._encode_later(api, header, answer)
        return self._encode(api, header, answer)

    def _serve_metered(
        self, api: LoadedApi, request: object, header: RequestHeader, session: Session, size_bytes: int
    ) -> Segments | Deferred[Segments | None] | None:
        """Serve a request, and hold it against the quotas when it is about to be answered."""
        meter = self._throttling.begin(session, size_bytes)

        def settle(response: object) -> None:
            self._throttling.settle(header.api_key, meter, session, response)

        def handle(api: LoadedApi, request: object, header: RequestHeader, session: Session) -> Answer:
            answer = self._handle(api, request, header, session)
            self._throttling.note_handled(meter)
            return observe(answer, settle)

        answer = self._serve(api, request, header, session, handle)
        if not isinstance(answer, Deferred):
            self._throttling.note_encoded(header.api_key, meter, session)
        return answer

    def _encode(self, api: LoadedApi, header: RequestHeader, response: object) -> Segments | Deferred[Segments | None]:
        try:
            return encode_response(api, header, response, LOOP_ITEMS)
        except LargeMessage:
            return self._beside_loop(lambda: encode_response(api, header, response))

    def _encode_later(
        self, api: LoadedApi, header: RequestHeader, deferred: Deferred[object]
    ) -> Deferred[Segments | None]:
        encoded: Deferred[Segments | None] = Deferred()

        def on_answer(response: object) -> None:
            try:
                encoded.follow(None if response is None else self._encode(api, header, response))
            except Exception as error:
                # The answer came out of another client's request, which must not pay for it.
                logger.exception("a deferred response could not be encoded", api=api.name)
                encoded.fail(error)

        def on_failed(error: Exception) -> None:
            try:
                encoded.answer(encode_failure(api, header, error))
            except Disconnect as end:
                encoded.fail(end)

        encoded.on_dropped = deferred.drop
        deferred.deliver_to(on_answer, on_failed)
        return encoded

    def _decode_beside_loop(
        self, frame: bytes | bytearray | memoryview, pos: int, api: LoadedApi, header: RequestHeader, session: Session
    ) -> Deferred[Segments | None]:
        served: Deferred[Segments | None] = Deferred()

        def decoded(request: object) -> None:
            try:
                if self._quotas.is_active:
                    served.follow(self._serve_metered(api, request, header, session, len(frame)))
                else:
                    served.follow(self._serve(api, request, header, session))
            except Disconnect as end:
                served.fail(end)

        decoding = self._beside_loop(lambda: api.decoder(header.api_version)(frame, pos, MOST_ITEMS)[0])
        served.on_dropped = decoding.drop  # what a client that has gone asked for is never begun
        decoding.deliver_to(decoded, served.fail)
        return served

    def _beside_loop(self, compute: Callable[[], R]) -> Deferred[R]:
        """What a computation that touches nothing else gives, made on a thread, if it is still wanted by then."""
        computed: list[R] = []
        deferred: Deferred[R] = Deferred()

        def run() -> None:
            if not deferred.is_done:
                computed.append(compute())

        def done(error: Exception | None) -> None:
            if error is not None:
                deferred.fail(error)
            elif computed:
                deferred.answer(computed[0])

        self._context.beside_loop.run(run, done)
        return deferred

    def _refuse_version(self, api: LoadedApi, header: RequestHeader) -> list[Segment]:
        """KIP-511: an unknown version of ApiVersions is answered in the shape of version 0, the body unread."""
        return encode_response(api, header._replace(api_version=0), unsupported_version_answer(self._context))


def encode_response(api: LoadedApi, header: RequestHeader, response: object, room: int = ANY_NUMBER) -> list[Segment]:
    """The frame of an answer, as segments; LargeMessage with more than `room` items."""
    out = encode_response_header(header.api_key, header.api_version, header.correlation_id, api.flexible_from)
    segments: list[Segment] = []
    api.encoder(header.api_version)(response, out, segments, room)
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

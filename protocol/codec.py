"""Messages to bytes and back, for one version at a time; compiled from the declaration at first use.

    message, pos = decoder(FetchRequest, 12)(frame, pos)
    segments = encode(response, 12)

A decoder returns a message or raises CorruptFrame and ignores what follows the message. A field that the
version does not carry decodes to its default, and is left out silently when encoding: one answer serves every
version.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

from .decoding import MAX_ELEMENTS, TooManyItems, compile_decoder
from .encoding import ANY_NUMBER, OWN_SEGMENT_BYTES, LargeMessage, Unencodable, compile_encoder
from .schema import declared
from .source import source_of

__all__ = [
    "ANY_NUMBER",
    "MAX_ELEMENTS",
    "OWN_SEGMENT_BYTES",
    "Buffer",
    "Decoder",
    "Encoder",
    "LargeMessage",
    "Segment",
    "TooManyItems",
    "Unencodable",
    "decode",
    "decoder",
    "decoders",
    "encode",
    "encode_bytes",
    "encoder",
    "encoders",
    "source_of",
]

Buffer: TypeAlias = bytes | bytearray | memoryview
Segment: TypeAlias = bytes | bytearray | memoryview

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class Decoder(Protocol[T_co]):
    def __call__(self, data: Buffer, pos: int = 0, room: int = MAX_ELEMENTS, /) -> tuple[T_co, int]: ...


class Encoder(Protocol[T_contra]):
    def __call__(
        self, message: T_contra, out: bytearray, segments: list[Segment], room: int = ANY_NUMBER, /
    ) -> None: ...


class _Compiled(dict[int, T]):
    """What one class has been compiled to, by version; a version is compiled when it is asked for first."""

    def __init__(self, cls: type, compile_version: Callable[[type, int], T]) -> None:
        super().__init__()
        self._cls = cls
        self._compile_version = compile_version

    def __missing__(self, version: int) -> T:
        _check_version(self._cls, version)
        self[version] = compiled = self._compile_version(self._cls, version)
        return compiled


class _ByClass(dict[type, _Compiled[T]]):
    """What every class has been compiled to."""

    def __init__(self, compile_version: Callable[[type, int], T]) -> None:
        super().__init__()
        self._compile_version = compile_version

    def __missing__(self, cls: type) -> _Compiled[T]:
        self[cls] = compiled = _Compiled(cls, self._compile_version)
        return compiled


_decoders = _ByClass[Decoder[Any]](compile_decoder)
_encoders = _ByClass[Encoder[Any]](compile_encoder)


def decoders(cls: type[T]) -> Mapping[int, Decoder[T]]:
    """A class's decoders by version, compiled on first use. ValueError for an unknown version."""
    return _decoders[cls]


def encoders(cls: type[T]) -> Mapping[int, Encoder[T]]:
    """A class's encoders by version, compiled on first use. ValueError for an unknown version."""
    return _encoders[cls]


def decoder(cls: type[T], version: int) -> Decoder[T]:
    """The decoder of one version: (data, pos) -> (message, position after it). ValueError if unknown."""
    return _decoders[cls][version]


def encoder(cls: type[T], version: int) -> Encoder[T]:
    """The encoder of one version: (message, out, segments). What is left in `out` follows the segments."""
    return _encoders[cls][version]


def decode(cls: type[T], version: int, data: Buffer) -> T:
    """The message at the start of `data`."""
    return decoder(cls, version)(data, 0)[0]


def encode(message: object, version: int) -> list[Segment]:
    """The message as segments; big byte fields are segments of their own, uncopied."""
    out = bytearray()
    segments: list[Segment] = []
    _encoders[type(message)][version](message, out, segments)
    if out or not segments:
        segments.append(out)
    return segments


def encode_bytes(message: object, version: int) -> bytes:
    """The message in one piece."""
    return b"".join(encode(message, version))


def _check_version(cls: type, version: int) -> None:
    known = declared(cls).versions
    if version not in known:
        raise ValueError(f"{cls.__name__} has no version {version}, only {known.first}-{known.last}")

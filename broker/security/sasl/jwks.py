"""The keys of those who sign bearer tokens: a JWKS file or URL (RFC 7517), read on the broker's threads.

As Kafka's RefreshingHttpsJwks does: read once before anybody logs in, anew each `…refresh.ms`, and at once, though not
often, for a key that is not there. What cannot be read leaves the keys as they were. A file is read once.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ....protocol.errors import ErrorCode, KafkaError
from ...config.config_def import ConfigError
from ...log_output import get_logger
from ...metadata.metadata import Then
from ...runtime import Runtime, TimerHandle

if TYPE_CHECKING:
    from jwt import PyJWK

logger = get_logger("sasl")

MOST_BYTES = 1 << 20
TIMEOUT_S = 10.0
# For one key that is not there the URL is asked again at most this often, for any such key at most that often:
# key ids are made up by whoever likes to. So many are remembered.
MISSING_AGAIN_S, MISSING_OTHER_S = 60.0, 4.0
MOST_MISSING = 16
LONGEST_KEY_ID = 1000
_KINDS = ("RSA", "EC", "OKP")  # a secret that is shared (oct) signs nothing here
_SCHEMES = ("http", "https", "file")


class BadKeys(ValueError):
    """What was read is no set of keys."""


Read = Callable[[str], bytes]


def read_url(url: str) -> bytes:
    """What stands there. OSError, BadKeys."""
    with urlopen(Request(url, headers={"Accept": "application/json"}), timeout=TIMEOUT_S) as answer:
        data: bytes = answer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadKeys(f"more than {MOST_BYTES} bytes")
    return data


def parse_keys(data: bytes) -> list["PyJWK"]:
    """The keys of a set, but for those that nothing here can use. BadKeys where there are none."""
    import jwt

    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError):
        raise BadKeys("it is no JSON") from None
    listed = cast("dict[str, object]", found).get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise BadKeys("it is no set of keys")
    keys: list[PyJWK] = []
    for one in cast("Sequence[dict[str, object]]", listed):
        try:
            key = jwt.PyJWK.from_dict(one)
        except (jwt.exceptions.PyJWTError, ValueError, TypeError, AttributeError, KeyError):
            continue
        if key.key_type in _KINDS and key.public_key_use in (None, "sig"):
            keys.append(key)
    if not keys:
        raise BadKeys("there is no key in it that could be used")
    return keys


class Jwks:
    """The keys of one URL."""

    def __init__(
        self, url: str, runtime: Runtime, refresh_ms: int, backoff_ms: int, max_backoff_ms: int, read: Read = read_url
    ) -> None:
        """ConfigError for a URL that is none."""
        scheme = urlsplit(url).scheme
        if scheme not in _SCHEMES:
            raise ConfigError(f"sasl.oauthbearer.jwks.endpoint.url: {url!r} is not a URL of {', '.join(_SCHEMES)}")
        self._url = url
        self._is_file = scheme == "file"
        self._clock, self._timers, self._threads = runtime.clock, runtime.timers, runtime.threads
        self._refresh_s = refresh_ms / 1000
        self._backoff_s, self._max_backoff_s = backoff_ms / 1000, max_backoff_ms / 1000
        self._read = read
        self._keys: Sequence[PyJWK] = ()
        self._missing: dict[str, float] = {}  # when the URL was asked for the sake of this key
        self._last_missing = float("-inf")
        self._is_reading = False
        self._failures = 0
        self._timer: TimerHandle | None = None

    def load(self, then: Then) -> None:
        """Read them for the first time; nobody is let in before."""
        self._begin(partial(self._loaded, then))

    def keys_of(self, key_id: str | None) -> Sequence["PyJWK"]:
        """The keys with this id, or all."""
        if key_id is None:
            return self._keys
        found = [key for key in self._keys if key.key_id == key_id]
        if not found:
            self._look_for(key_id)
        return found

    def _look_for(self, key_id: str) -> None:
        """The URL may have it by now."""
        now = self._clock.now()
        if self._is_file or self._is_reading or len(key_id) > LONGEST_KEY_ID:
            return
        if now - self._missing.get(key_id, float("-inf")) < MISSING_AGAIN_S:
            return
        if now - self._last_missing < MISSING_OTHER_S:
            return
        while len(self._missing) >= MOST_MISSING:
            oldest = next(iter(self._missing))
            if now - self._missing[oldest] < MISSING_AGAIN_S:
                return
            del self._missing[oldest]
        self._missing.pop(key_id, None)
        self._missing[key_id] = self._last_missing = now
        self._begin(self._refreshed)

    def _begin(self, done: Callable[[Sequence["PyJWK"], Exception | None], None]) -> None:
        self._is_reading = True
        keys: list[PyJWK] = []

        def run() -> None:
            keys.extend(parse_keys(self._read(self._url)))

        def finish(error: Exception | None) -> None:
            self._is_reading = False
            done(keys, error)

        self._threads.run(run, finish)

    def _loaded(self, then: Then, keys: Sequence["PyJWK"], error: Exception | None) -> None:
        if error is not None:
            why = f"sasl.oauthbearer.jwks.endpoint.url: the keys of {self._url} cannot be read: {error}"
            then(KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, why))
            return
        self._keys = keys
        self._schedule(self._refresh_s)
        then(None)

    def _refresh(self) -> None:
        self._timer = None
        if not self._is_reading:
            self._begin(self._refreshed)

    def _refreshed(self, keys: Sequence["PyJWK"], error: Exception | None) -> None:
        if error is None:
            self._keys, self._failures = keys, 0
            self._schedule(self._refresh_s)
            return
        logger.warning("the keys of bearer tokens could not be read again", url=self._url, error=str(error))
        self._schedule(min(self._backoff_s * 2**self._failures, self._max_backoff_s))
        self._failures = min(self._failures + 1, 30)

    def _schedule(self, seconds: float) -> None:
        if self._is_file:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timers.call_at(self._clock.now() + seconds, self._refresh)

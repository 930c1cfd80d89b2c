"""The logins of a cluster: mechanisms by their names, what is answered, and when a refusal is.

What a mechanism leaves to a thread is done there, one piece after the other; nothing here takes longer on the loop than
a signature does.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from ....protocol.codec import Segment
from ....protocol.errors import ErrorCode
from ....protocol.frame import frame_of
from ....protocol.messages.sasl_authenticate import SaslAuthenticateResponse
from ....protocol.messages.sasl_handshake import SaslHandshakeResponse
from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError
from ...deferred import Deferred, Disconnect
from ...log_output import get_logger
from ...metadata.image import MetadataImage
from ...metadata.metadata import Then
from ...runtime import Runtime, SerialQueue
from ...session import Session
from .authentication import Authentication, State
from .mechanism import Challenge, Heavy, LoginBroken, LoginFailed, Mechanism, Step
from .oauthbearer import OAUTHBEARER, BearerLogin
from .plain import PLAIN, PlainLogin
from .scram import ScramLogin, TokenLogin
from .scram_credentials import BY_LABEL, ScramCredential, ScramMechanism, stored_credential
from .settings import (
    check_sasl,
    enabled_mechanisms,
    max_reauth_ms,
    plain_users,
    readable_listeners,
    sasl_listeners,
)
from .users import User, plain_passwords

if TYPE_CHECKING:
    from .bearer_validators import BearerValidators

logger = get_logger("sasl")

R = TypeVar("R")
NONCE_BYTES = 16
MOST_SHOWN = 40  # characters of a mechanism that a client has made up
MOST_LOGGED = 300  # of a refusal, which may have something of the client's in it


class SaslServer:
    """Every login of every listener that wants one."""

    def __init__(
        self,
        config: BrokerConfig,
        runtime: Runtime,
        image: Callable[[], MetadataImage],
        find_token: Callable[[ScramMechanism, str], TokenLogin | None],
        users: Sequence[User] = (),
    ) -> None:
        """`users` are those of the command line. ConfigError for a listener of which no login could be made."""
        self._config = config
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._random = runtime.random
        self._image = image
        self._find_token = find_token
        self._passwords = plain_passwords(users)
        self._listeners = frozenset(sasl_listeners(config))
        self._heavy = SerialQueue(runtime.threads)
        self.check(config)
        self._bearers = self._bearer_validators(config, runtime) if self._listeners else None
        if users and not self._listeners:
            raise ConfigError("--user: none of the listeners has SASL; listen with SASL_PLAINTEXT")
        if readable := readable_listeners(config, has_plain_users=bool(self._passwords)):
            logger.warning("PLAIN without TLS: passwords can be read on the network", listeners=",".join(readable))

    def _bearer_validators(self, config: BrokerConfig, runtime: Runtime) -> "BearerValidators":
        """What checks tokens; it is not loaded where nobody logs in, for it takes its share of a start."""
        from .bearer_validators import BearerValidators

        return BearerValidators(config, runtime, sorted(self._listeners))

    def load(self, then: Then) -> None:
        """To be called, and its end waited for, before anybody logs in: `then` hears what keys cannot be read."""
        if self._bearers is None:
            then(None)
        else:
            self._bearers.load(then)

    def check(self, config: BrokerConfig) -> None:
        """Whether clients could log in with these settings. ConfigError."""
        for listener in self._listeners:
            check_sasl(config, listener, has_plain_users=bool(self._passwords))

    def expect_login(self, session: Session) -> None:
        """Someone has connected: where the listener wants a login, nothing else comes before it."""
        if session.listener in self._listeners:
            session.authentication = Authentication(self._offered(session.listener))
            session.limit_frames(self._config.sasl_server_max_receive_size)

    def _offered(self, listener: str) -> Sequence[str]:
        """None at all where the settings have been altered to something that cannot be: then nobody is let in."""
        try:
            return enabled_mechanisms(self._config, listener)
        except ConfigError as error:
            logger.error("nobody can log in", listener=listener, why=str(error))
            return ()

    def shake_hands(
        self, session: Session, mechanism: str, version: int
    ) -> SaslHandshakeResponse | Deferred[SaslHandshakeResponse]:
        """Agree on the mechanism."""
        authentication = session.authentication
        if not isinstance(authentication, Authentication) or authentication.is_complete:
            return SaslHandshakeResponse(error_code=ErrorCode.ILLEGAL_SASL_STATE)
        offered = authentication.mechanisms
        if not authentication.choose(mechanism, version):
            if not authentication.is_pending:  # Kafka answers this of a first login alone
                raise Disconnect(f"SASL mechanism {mechanism[:MOST_SHOWN]!r} for a login anew")
            refused = SaslHandshakeResponse(error_code=ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms=offered)
            return self.refuse(session, refused, f"Unsupported SASL mechanism {mechanism[:MOST_SHOWN]!r}")
        session.limit_frames(self._config.sasl_server_max_receive_size)  # for a login anew, too
        if authentication.state is not State.BAD_MECHANISM:
            try:
                authentication.login = self._new_login(session.listener, mechanism)
            except ConfigError as error:  # likewise
                authentication.fail()
                logger.error("nobody can log in", listener=session.listener, mechanism=mechanism, why=str(error))
                raise Disconnect(f"{mechanism} cannot be served") from None
        return SaslHandshakeResponse(mechanisms=offered)

    def authenticate(
        self, session: Session, token: bytes
    ) -> SaslAuthenticateResponse | Deferred[SaslAuthenticateResponse]:
        """Take the next token of the client."""
        authentication = session.authentication
        if not isinstance(authentication, Authentication) or authentication.is_complete:
            return SaslAuthenticateResponse(
                error_code=ErrorCode.ILLEGAL_SASL_STATE,
                error_message="SaslAuthenticate request received after successful authentication",
            )
        return self._advance(
            session,
            authentication,
            token,
            lambda answer, lifetime_ms: SaslAuthenticateResponse(
                error_message="", auth_bytes=answer, session_lifetime_ms=lifetime_ms
            ),
            lambda why: SaslAuthenticateResponse(error_code=ErrorCode.SASL_AUTHENTICATION_FAILED, error_message=why),
        )

    def take_token(self, session: Session, token: bytes) -> list[Segment] | Deferred[list[Segment] | None] | None:
        """The same of a token without a header: a refusal is not answered."""
        authentication = session.authentication
        assert isinstance(authentication, Authentication)

        def answer(token: bytes, lifetime_ms: int) -> list[Segment] | None:
            return frame_of([token])

        return self._advance(session, authentication, token, answer, lambda why: None)

    def _advance(
        self,
        session: Session,
        authentication: Authentication,
        token: bytes,
        answer: Callable[[bytes, int], R],
        refusal: Callable[[str], R | None],
    ) -> R | Deferred[R]:
        login = authentication.login
        assert login is not None

        def settle(step: Step) -> R:
            return answer(*self._take(session, authentication, step))

        def failed(error: LoginFailed) -> Deferred[R]:
            generic = authentication.generic_refusal()
            authentication.fail()
            return self.refuse(session, refusal(error.told or generic), error.told or f"{generic}: {error}")

        try:
            outcome = login.evaluate(token, self._clock.now_ms())
            return self._settle_beside(outcome, settle, failed) if isinstance(outcome, Heavy) else settle(outcome)
        except LoginFailed as error:
            return failed(error)
        except LoginBroken as error:
            authentication.fail()
            raise Disconnect(str(error)) from None

    def _take(self, session: Session, authentication: Authentication, step: Step) -> tuple[bytes, int]:
        """The token that is answered, and how long the session may last."""
        if isinstance(step, Challenge):
            if step.refused:  # which the client may leave without a word
                why = step.refused[:MOST_LOGGED]
                logger.warning("token refused", client=session.connection, listener=session.listener, why=why)
            return step.token, 0
        longest_ms = max_reauth_ms(self._config, session.listener, authentication.mechanism)
        lifetime_ms = authentication.complete(step, longest_ms, self._clock.now_ms(), self._clock.now())
        session.user = step.user
        session.limit_frames(self._config.socket_request_max_bytes)
        return step.token, lifetime_ms

    def _settle_beside(
        self, heavy: Heavy, settle: Callable[[Step], R], failed: Callable[[LoginFailed], Deferred[R]]
    ) -> Deferred[R]:
        """Work on a thread; nobody waits for it but its own client."""
        deferred: Deferred[R] = Deferred()
        made: list[Step] = []

        def run() -> None:
            if not deferred.is_done:
                made.append(heavy.run())

        def done(error: Exception | None) -> None:
            if deferred.is_done:
                return
            try:
                if error is not None:
                    raise error
                deferred.answer(settle(made[0]))
            except LoginFailed as refused:
                deferred.follow(failed(refused))
            except Exception as fault:
                deferred.fail(fault)

        self._heavy.run(run, done)
        return deferred

    def refuse(self, session: Session, answer: R | None, why: str) -> Deferred[R]:
        """Answer after a while (none: not at all), and close the connection then, as Kafka slows down guessing."""
        deferred: Deferred[R] = Deferred()

        def fire() -> None:
            if answer is None:
                deferred.fail(Disconnect(why[:MOST_LOGGED]))
            else:
                session.last_answer_because = why[:MOST_LOGGED]
                deferred.answer(answer)

        delay_ms = self._config.connection_failed_authentication_delay_ms
        timer = self._timers.call_at(self._clock.now() + delay_ms / 1000, fire)
        deferred.on_dropped = timer.cancel
        return deferred

    def _new_login(self, listener: str, mechanism: str) -> Mechanism:
        if mechanism == PLAIN:
            return PlainLogin({**self._passwords, **plain_users(self._config, listener)})
        if mechanism == OAUTHBEARER:
            assert self._bearers is not None  # this listener has logins
            return BearerLogin(self._bearers.of_listener(listener))
        scram = BY_LABEL[mechanism]
        nonce = self._random.randbytes(NONCE_BYTES).hex()

        def find_user(name: str) -> ScramCredential | None:
            found = self._image().credentials.scram.get((name, scram))
            return None if found is None else stored_credential(found)

        return ScramLogin(scram, nonce, find_user, lambda name: self._find_token(scram, name))

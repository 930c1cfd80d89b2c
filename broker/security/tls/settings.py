"""The `ssl.*` settings of one listener, by Kafka's names: listener.name.NAME.ssl.… stands in front of ssl.…"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ...config.config_def import ConfigError
from ...config.java_values import split_list
from .cipher_suites import CipherSuites, cipher_suites_of
from .principal_mapping import PrincipalMapping

VERSIONS = ("TLSv1.2", "TLSv1.3")
# What Java knows and Kafka no longer speaks by itself; taken beside those that are spoken, and left out.
_OLDER = ("SSLv2Hello", "SSLv3", "TLSv1", "TLSv1.1")
_PROTOCOLS = ("TLS", "SSL", *_OLDER, *VERSIONS)
CLIENT_AUTH = ("none", "requested", "required")


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """A key store or a trust store. `prefix` is ssl.keystore or ssl.truststore."""

    prefix: str
    type: str
    location: str | None
    password: str | None = field(repr=False)
    certificates: str | None = field(repr=False)  # inline, in PEM
    key: str | None = field(default=None, repr=False)  # likewise
    key_password: str | None = field(default=None, repr=False)

    @property
    def is_given(self) -> bool:
        return self.location is not None or self.certificates is not None or self.key is not None

    @property
    def named(self) -> str:
        """The setting that says where it is."""
        if self.location is not None:
            return f"{self.prefix}.location={self.location}"
        return "ssl.keystore.certificate.chain" if self.key is not None else "ssl.truststore.certificates"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What one listener is told about TLS."""

    keystore: StoreSettings
    truststore: StoreSettings
    client_auth: str
    versions: tuple[str, ...]
    suites: CipherSuites | None
    mapping_rules: str
    may_change_dn: bool = False
    may_change_san: bool = False

    def mapping(self) -> PrincipalMapping:
        """How certificates become users."""
        return PrincipalMapping(self.mapping_rules)


def tls_settings(value_of: Callable[[str], str | None]) -> TlsSettings:
    """What a listener has; `value_of` gives the value in force for it of a setting, or None. ConfigError."""
    engine = value_of("ssl.engine.factory.class")
    if engine:
        raise ConfigError(f"ssl.engine.factory.class: {engine} is a class of Java; there is none here but Kafka's own")
    protocol = value_of("ssl.protocol") or "TLSv1.3"
    if protocol not in _PROTOCOLS:
        raise ConfigError(f"ssl.protocol: {protocol!r} is none; there are: {', '.join(_PROTOCOLS)}")
    client_auth = value_of("ssl.client.auth") or "none"
    if client_auth not in CLIENT_AUTH:
        raise ConfigError(f"ssl.client.auth: {client_auth!r} is none of: {', '.join(CLIENT_AUTH)}")
    settings = TlsSettings(
        _key_store(value_of),
        _trust_store(value_of),
        client_auth,
        _versions(value_of("ssl.enabled.protocols")),
        cipher_suites_of(split_list(value_of("ssl.cipher.suites") or "")),
        value_of("ssl.principal.mapping.rules") or "DEFAULT",
        value_of("ssl.allow.dn.changes") == "true",
        value_of("ssl.allow.san.changes") == "true",
    )
    settings.mapping()
    return settings


def reloaded(settings: TlsSettings, value_of: Callable[[str], str | None]) -> TlsSettings:
    """The same with key store and trust store as they are now. ConfigError."""
    return replace(settings, keystore=_key_store(value_of), truststore=_trust_store(value_of))


def _versions(text: str | None) -> tuple[str, ...]:
    names = split_list(text or ",".join(VERSIONS))
    for name in names:
        if name not in VERSIONS and name not in _OLDER:
            raise ConfigError(f"ssl.enabled.protocols: {name!r} is none; there are: {', '.join(VERSIONS)}")
    spoken = tuple(version for version in VERSIONS if version in names)
    if not spoken:
        raise ConfigError(f"ssl.enabled.protocols: {text} is too old; spoken are: {', '.join(VERSIONS)}")
    return spoken


def _key_store(value_of: Callable[[str], str | None]) -> StoreSettings:
    """In the combinations that Kafka takes, refused in its words."""
    store = StoreSettings(
        "ssl.keystore",
        (value_of("ssl.keystore.type") or "JKS").upper(),
        value_of("ssl.keystore.location"),
        value_of("ssl.keystore.password"),
        value_of("ssl.keystore.certificate.chain"),
        value_of("ssl.keystore.key"),
        value_of("ssl.key.password"),
    )
    if store.key is not None and store.type != "PEM":
        raise ConfigError(
            f"SSL private key can be specified only for PEM, but key store type is {store.type}: set ssl.keystore.type"
        )
    if store.key is not None and store.certificates is None:
        raise ConfigError("SSL private key is specified, but certificate chain is not specified.")
    if store.certificates is not None and store.key is None:
        raise ConfigError("SSL certificate chain is specified, but private key is not specified")
    if store.key is not None:
        return store
    if store.type == "PEM" and store.location is not None:
        if store.password is not None:
            raise ConfigError(
                "SSL key store password cannot be specified with PEM format, only key password may be specified."
            )
    elif store.location is None and store.password is not None:
        raise ConfigError("SSL key store is not specified, but key store password is specified.")
    elif store.location is not None and store.password is None:
        raise ConfigError("SSL key store is specified, but key store password is not specified.")
    return store


def _trust_store(value_of: Callable[[str], str | None]) -> StoreSettings:
    store = StoreSettings(
        "ssl.truststore",
        (value_of("ssl.truststore.type") or "JKS").upper(),
        value_of("ssl.truststore.location"),
        value_of("ssl.truststore.password"),
        value_of("ssl.truststore.certificates"),
    )
    if store.certificates is not None and store.type != "PEM":
        raise ConfigError(
            "SSL trust store certs can be specified only for PEM, but trust store type is "
            f"{store.type}: set ssl.truststore.type"
        )
    if store.certificates is not None and store.location is not None:
        raise ConfigError("Both SSL trust store location and separate trust certificates are specified.")
    if store.type == "PEM" and store.password is not None:
        raise ConfigError("SSL trust store password cannot be specified for PEM format.")
    if store.location is None and store.password is not None:
        raise ConfigError("SSL trust store is not specified, but trust store password is specified.")
    return store

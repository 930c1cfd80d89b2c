"""Key stores and trust stores, whichever of Kafka's three types they have: PEM, PKCS12, JKS.

What lies under a name may be of another type than the setting says: as in Java, where both are read by either name, a
PKCS12 store may be called JKS and the reverse. PKCS12 needs cryptography, of the extra `security`; the others nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...config.config_def import ConfigError
from . import pem
from .der import SEQUENCE, element, elements
from .effort import TooMuchEffort, check_effort
from .jks import JCEKS_MAGIC, MAGIC, NoJks, WrongPassword, read_jks, unseal
from .settings import StoreSettings

MOST_BYTES = 10_000_000
TYPES = ("PEM", "PKCS12", "JKS")
INSTALL = "pip install 'odradek[security]'"
PKCS8 = "PRIVATE KEY"


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key, perhaps encrypted still, and the certificates that stand for it, its own first, in DER."""

    key: pem.Block = field(repr=False)
    chain: Sequence[bytes]
    password: str | None = field(default=None, repr=False)


def read_identity(store: StoreSettings) -> Identity:
    """What a broker shows of itself. ConfigError names the setting that is at fault."""
    if store.key is not None:
        chain = _certificates(store.named, store.certificates or "")
        return Identity(_key(store, "ssl.keystore.key", store.key), chain, store.key_password)
    data = _read(store)
    if store.type == "PEM":
        text = _text(store, data)
        chain = _certificates(store.named, text)
        return Identity(_key(store, store.named, text), chain, store.key_password)
    if data.startswith(MAGIC):
        return _identity_of_jks(store, data)
    return _identity_of_pkcs12(store, data)


def read_trusted(store: StoreSettings) -> Sequence[bytes]:
    """The certificates of a trust store, in DER. ConfigError."""
    if store.certificates is not None:
        return _certificates(store.named, store.certificates)
    data = _read(store)
    if store.type == "PEM":
        return _certificates(store.named, _text(store, data))
    if data.startswith(MAGIC):
        try:
            found = read_jks(data, store.password)
        except NoJks as error:
            raise _refused(store, error) from None
        trusted = [*found.trusted, *(one for entry in found.keys for one in entry.chain[:1])]
    else:
        _, chain, others = _load_pkcs12(store, data)
        trusted = [*chain, *others]
    if not trusted:
        raise ConfigError(f"{store.named}: there is no certificate in it")
    return trusted


def _read(store: StoreSettings) -> bytes:
    if store.type not in TYPES:
        raise ConfigError(f"{store.prefix}.type: {store.type!r} is not served; there are: {', '.join(TYPES)}")
    try:
        with Path(store.location or "").open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"{store.named} cannot be read: {why}") from None
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{store.named} cannot be read: it has more than {MOST_BYTES} bytes")
    if data.startswith(JCEKS_MAGIC):
        raise ConfigError(f"{store.named}: a store of the type JCEKS is not served; there are: {', '.join(TYPES)}")
    if store.type != "PEM" and b"-----BEGIN " in data:
        raise ConfigError(f"{store.named}: it is PEM, and {store.prefix}.type is {store.type}")
    if store.type == "PEM" and (data.startswith(MAGIC) or data[:1] == b"\x30"):
        kind = "JKS" if data.startswith(MAGIC) else "PKCS12"
        raise ConfigError(f"{store.named}: it is {kind}, and {store.prefix}.type is PEM")
    return data


def _text(store: StoreSettings, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{store.named}: it is no PEM: its bytes are no text") from None


def _certificates(name: str, text: str) -> Sequence[bytes]:
    try:
        return pem.certificates_of(text)
    except pem.NoPem as error:
        raise ConfigError(f"{name}: {error}") from None


def _key(store: StoreSettings, name: str, text: str) -> pem.Block:
    try:
        block = pem.key_of(text)
        check_effort(block.der)
    except (pem.NoPem, TooMuchEffort) as error:
        raise ConfigError(f"{name}: the private key cannot be read: {error}") from None
    if store.key_password is not None and not block.is_encrypted:
        raise ConfigError(f"{name}: ssl.key.password is set, and the key is not encrypted")
    return block


def _identity_of_jks(store: StoreSettings, data: bytes) -> Identity:
    password = store.password or ""
    try:
        found = read_jks(data, password)
        if not found.keys:
            raise ConfigError(f"{store.named}: there is no private key in it")
        entry = found.keys[0]
        try:
            key = unseal(entry, store.key_password if store.key_password is not None else password)
        except WrongPassword as error:
            raise ConfigError(f"ssl.key.password: {error}, in {store.location}") from None
    except NoJks as error:
        raise _refused(store, error) from None
    return Identity(pem.Block(PKCS8, key), entry.chain)


def _identity_of_pkcs12(store: StoreSettings, data: bytes) -> Identity:
    key, own, others = _load_pkcs12(store, data)
    chain = [*own, *others]
    if key is None or not own:
        raise ConfigError(f"{store.named}: there is no private key with its certificate in it")
    return Identity(pem.Block(PKCS8, key), chain)


def _load_pkcs12(store: StoreSettings, data: bytes) -> tuple[bytes | None, Sequence[bytes], Sequence[bytes]]:
    """The key in PKCS #8 and its certificate, where there are such, and every other certificate."""
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
    except ModuleNotFoundError:
        raise ConfigError(f"{store.named}: a store of the type PKCS12 needs cryptography: {INSTALL}") from None
    if data[:1] != b"\x30":
        raise ConfigError(f"{store.named}: it is no store: it begins neither as PKCS12 nor as JKS")
    try:
        check_effort(data)
        found = load_pkcs12(
            *((_without_mac(data), None) if store.password is None else (data, store.password.encode()))
        )
        key = None if found.key is None else found.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        own = [] if found.cert is None else [found.cert.certificate.public_bytes(Encoding.DER)]
        return key, own, [one.certificate.public_bytes(Encoding.DER) for one in found.additional_certs]
    except Exception as error:  # what a damaged store makes of it is not told in advance
        if store.password is None:
            raise ConfigError(
                f"{store.prefix}.password is needed to read {store.location}: it is encrypted, or it was damaged"
            ) from None
        if "password" in str(error).lower():
            raise ConfigError(f"{store.prefix}.password is not that of {store.location}, or it was damaged") from None
        raise _refused(store, error) from None


def _without_mac(data: bytes) -> bytes:
    """A PKCS12 store without what shows with its password that it is whole: as Java reads it where none is given."""
    (store,) = elements(data)
    version, content, *_ = elements(store.body)
    return element(SEQUENCE, version.whole + content.whole)


def _refused(store: StoreSettings, error: Exception) -> ConfigError:
    if isinstance(error, WrongPassword):
        return ConfigError(f"{store.prefix}.password is not that of {store.location}: {error}")
    return ConfigError(f"{store.named}: it is no store that can be read: {error}")

"""Which authorizer decides, and who stands above it: settings that name Java classes, of which one each is here.

authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:CN=ops,O=Example
"""

from .config_def import ConfigError

SUPER_USERS, IS_OPEN = "super.users", "allow.everyone.if.no.acl.found"
STANDARD_AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
SHORT_NAME = "StandardAuthorizer"
DEFAULT_PRINCIPAL_BUILDER = "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder"


def check_authorizer(class_name: str, super_users: str, principal_builder: str) -> None:
    """ConfigError for a class that is not here, or for a super user that is none."""
    if class_name not in ("", STANDARD_AUTHORIZER, SHORT_NAME):
        raise ConfigError(
            f"authorizer.class.name: there is no {class_name!r} here; there is {STANDARD_AUTHORIZER}, "
            f"or {SHORT_NAME} for short"
        )
    if principal_builder != DEFAULT_PRINCIPAL_BUILDER:
        raise ConfigError(
            f"principal.builder.class: there is no {principal_builder!r} here; there is {DEFAULT_PRINCIPAL_BUILDER}"
        )
    parse_super_users(super_users)


def parse_super_users(text: str) -> frozenset[str]:
    """User:NAME;User:NAME;… ConfigError."""
    users = [part.strip() for part in text.split(";") if part.strip()]
    for user in users:
        kind, colon, name = user.partition(":")
        if not (kind and colon and name):
            raise ConfigError(
                f"super.users: expected a string in format principalType:principalName but got {user}; "
                "several stand apart by ';'"
            )
    return frozenset(users)


def parse_is_open(text: str) -> bool:
    """As Java's Boolean.parseBoolean reads it."""
    return text.strip().lower() == "true"

"""The stage of the pipeline that asks the authorizer; a cluster without one does not have it."""

from ..context import Context
from ..network.pipeline import Answer, Proceed, ReceivedRequest
from .access import Access
from .common_rules import in_slices
from .table import RULES


class AuthorizationStage:
    """Lets each request pass by the rule of its API. One that has no rule is denied to everybody."""

    def __init__(self, context: Context) -> None:
        assert context.acls is not None
        self._authorizer = context.acls.authorizer
        self._context = context

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        rule = RULES[received.header.api_key]
        access = Access(self._authorizer, received.session, self._context, received.api.name)
        return in_slices(rule(received, access, proceed), received, access)

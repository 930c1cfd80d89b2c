"""What has the authorizer obey the rules in the metadata log, whoever changed them."""

from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from .acl import Acl
from .authorizer import Authorizer


class AclFollower:
    """Follows the metadata for one authorizer, beginning with the rules that are there."""

    def __init__(self, authorizer: Authorizer, image: MetadataImage) -> None:
        self._authorizer = authorizer
        self._acls: dict[bytes, Acl] = {}
        for acl_id in image.acls:
            self._take(acl_id, image)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Rules have come or gone."""
        for acl_id in delta.changed_acls:
            self._take(acl_id, image)

    def _take(self, acl_id: bytes, image: MetadataImage) -> None:
        if (old := self._acls.pop(acl_id, None)) is not None:
            self._authorizer.remove(old)
        if (record := image.acls.get(acl_id)) is not None:
            acl = self._acls[acl_id] = Acl.of_record(record)
            self._authorizer.add(acl)

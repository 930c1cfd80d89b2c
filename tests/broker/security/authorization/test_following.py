"""The rules of the metadata log are those that are obeyed."""

from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.security.authorization.authorizer import Authorizer, Client
from odradek.broker.security.authorization.following import AclFollower
from odradek.protocol.metadata_records import MetadataRecord, RemoveAccessControlEntryRecord, encode_metadata_record

from ...metadata.images import image_of

READ = Acl(ResourceType.TOPIC, "t", PatternType.LITERAL, "User:a", "*", Operation.READ, Permission.ALLOW)
WRITE = READ._replace(operation=Operation.WRITE)


def test_rules_count_from_the_start_on_and_change_with_the_log() -> None:
    image, authorizer = image_of(READ.record(b"1" * 16)), Authorizer()
    follower = AclFollower(authorizer, image)

    def allowed() -> list[bool]:
        client = Client("User:a", "h")
        return [
            authorizer.is_allowed(client, one, ResourceType.TOPIC, "t") for one in (Operation.READ, Operation.WRITE)
        ]

    def change(*records: MetadataRecord) -> None:
        delta = MetadataDelta()
        for record in records:
            image.replay(encode_metadata_record(record), delta)
        follower.on_delta(delta, image)

    assert allowed() == [True, False]
    change(WRITE.record(b"2" * 16))
    assert allowed() == [True, True]
    change(RemoveAccessControlEntryRecord(id=b"1" * 16), RemoveAccessControlEntryRecord(id=b"3" * 16))
    assert allowed() == [False, True]
    change(READ.record(b"2" * 16))
    assert allowed() == [True, False]

from odradek.broker.coordination.groups.share.member import ShareMember

GIVEN = {b"t" * 16: frozenset({0, 1})}


def test_a_member_keeps_what_it_was_given_when_it_reports_anew() -> None:
    known = ShareMember("m", "r", "c", "/h", ("t",), 5, 4, 0, GIVEN)
    reported = ShareMember("m", "s", "d", "/i", ("u",))
    assert reported.with_assignment_of(known) == ShareMember("m", "s", "d", "/i", ("u",), 5, 4, 0, GIVEN)


def test_whether_two_reported_the_same_does_not_depend_on_what_they_have() -> None:
    one = ShareMember("m", "r", "c", "/h", ("t",))
    assert one.has_same_metadata(ShareMember("m", "r", "c", "/h", ("t",), 5, 4, 0, GIVEN))
    for other in (
        ShareMember("m", None, "c", "/h", ("t",)),
        ShareMember("m", "r", "d", "/h", ("t",)),
        ShareMember("m", "r", "c", "/i", ("t",)),
        ShareMember("m", "r", "c", "/h", ("t", "u")),
    ):
        assert not one.has_same_metadata(other)

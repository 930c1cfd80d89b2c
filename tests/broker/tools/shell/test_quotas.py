"""`odradek quotas`: of users, client ids and addresses, by name and by default."""

from .shell import Shell


def test_a_quota_is_set_listed_and_removed(shell: Shell) -> None:
    quota = {
        "user": None,
        "client_id": "shop",
        "ip": None,
        "default": None,
        "quota": "producer_byte_rate",
        "value": 1000.0,
    }
    assert shell.json("quotas", "set", "producer_byte_rate=1000", "--client", "shop") == [quota]
    assert shell.json("quotas", "list") == [quota]
    assert shell.text("quotas", "list")[1:] == [["-", "shop", "-", "-", "producer_byte_rate", "1000.0"]]
    removed = shell.json("quotas", "remove", "producer_byte_rate", "--client", "shop")
    assert [row["result"] for row in removed] == ["removed"]
    assert shell.json("quotas", "list") == []


def test_defaults_and_pairs_are_told_apart(shell: Shell) -> None:
    whose = {
        ("ann", "shop", None): ("--user", "ann", "--client", "shop"),
        ("ann", "<default>", None): ("--user", "ann", "--default-client"),
        ("<default>", None, None): ("--default-user",),
    }
    for words in whose.values():
        shell.json("quotas", "set", "request_percentage=50", "controller_mutation_rate=2", *words)
    shell.json("quotas", "set", "connection_creation_rate=500", "--ip", "127.0.0.9")
    rows = shell.json("quotas", "list")
    assert {(row["user"], row["client_id"], row["ip"]) for row in rows} == {*whose, (None, None, "127.0.0.9")}
    of_ann = shell.json("quotas", "list", "--user", "ann")
    assert [(row["client_id"], row["quota"]) for row in of_ann] == [
        ("<default>", "controller_mutation_rate"),
        ("<default>", "request_percentage"),
        ("shop", "controller_mutation_rate"),
        ("shop", "request_percentage"),
    ]
    assert len(shell.json("quotas", "list", "--default-user")) == 2
    for words in whose.values():
        shell.json("quotas", "remove", "request_percentage", "controller_mutation_rate", *words)
    shell.json("quotas", "remove", "connection_creation_rate", "--ip", "127.0.0.9")
    assert shell.json("quotas", "list") == []


def test_a_user_of_the_name_that_stands_for_all_is_told_from_it(shell: Shell) -> None:
    shell.json("quotas", "set", "producer_byte_rate=7", "--user", "<default>")
    shell.json("quotas", "set", "producer_byte_rate=9", "--default-user", "--default-client")
    rows = shell.json("quotas", "list")
    assert {(row["user"], row["default"], row["value"]) for row in rows} == {
        ("<default>", None, 7.0),
        ("<default>", "client_id,user", 9.0),
    }
    shell.json("quotas", "remove", "producer_byte_rate", "--user", "<default>")
    shell.json("quotas", "remove", "producer_byte_rate", "--default-user", "--default-client")


def test_what_is_wrong_is_refused(shell: Shell) -> None:
    assert "is no number" in shell.refusal("quotas", "set", "producer_byte_rate=x", "--client", "shop")
    assert "is not NAME=VALUE" in shell.refusal("quotas", "set", "producer_byte_rate", "--client", "shop")
    why = shell.refusal("quotas", "set", "producer_byte_rate=5", "producer_byte_rate=6", "--client", "shop")
    assert "INVALID_REQUEST: Ignoring duplicate entity" in why
    assert "say whose" in shell.refusal("quotas", "set", "producer_byte_rate=1")
    assert "exclude each other" in shell.refusal("quotas", "remove", "x", "--user", "ann", "--default-user")
    why = shell.refusal("quotas", "set", "no_such=1", "--client", "shop")
    assert "INVALID_REQUEST: Invalid configuration key no_such" in why
    why = shell.refusal("quotas", "list", "--user", "ann", "--ip", "127.0.0.9")
    assert "INVALID_REQUEST: Invalid entity filter component combination" in why

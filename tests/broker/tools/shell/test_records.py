"""`odradek records`: a table of some records of a partition."""

from .shell import Shell, values


def test_the_newest_or_those_from_an_offset_on_are_a_table(shell: Shell) -> None:
    shell.json("topics", "create", "t", "--partitions", "2")
    shell.json("produce", "t", *(f"v{number}" for number in range(30)), "--partition", "1", "--key", "k")
    shell.json("produce", "t", "last", "--partition", "1", "--header", "h=1", "--header", "g=2")
    head, *rows = shell.text("records", "t", "1", "--count", "2")
    assert head == ["offset", "time", "key", "value", "headers"]
    assert [(row[0], *row[2:]) for row in rows] == [("29", "k", "v29"), ("30", "-", "last", "h=1,g=2")]
    assert len(shell.json("records", "t", "1")) == 20
    found = shell.json("records", "t", "1", "--offset", "3", "--count", "2")
    assert values(found, "value") == ["v3", "v4"]
    assert shell.json("records", "t") == []


def test_a_partition_that_is_not_there_is_said(shell: Shell) -> None:
    shell.json("topics", "create", "u")
    assert "u has no partition 4" in shell.refusal("records", "u", "4")
    assert "there is no topic nope" in shell.refusal("records", "nope")


def test_what_a_client_wrote_cannot_move_the_cursor(shell: Shell) -> None:
    shell.json("produce", "w", "\x1b[2Jx [bold]y[/bold]")
    assert shell.text("records", "w")[1][3:] == ["\\x1b[2Jx", "[bold]y[/bold]"]

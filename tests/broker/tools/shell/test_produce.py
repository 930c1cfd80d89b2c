"""`odradek produce`: from arguments and from lines, with keys, headers and a partition."""

from .shell import Shell, values


def test_each_value_is_a_record_and_its_place_is_shown(shell: Shell) -> None:
    assert shell.text("produce", "a", "x", "y") == [["topic", "partition", "offset"], ["a", "0", "0"], ["a", "0", "1"]]
    found = shell.lines("consume", "a")
    assert (values(found, "value"), values(found, "key")) == (["x", "y"], [None, None])


def test_each_line_of_standard_input_is_a_record_perhaps_with_a_key_in_front(shell: Shell) -> None:
    assert len(shell.json("produce", "b", input="one\ntwo\n")) == 2
    shell.json("produce", "b", "--key-separator", ":", input="k:three:3\n")
    found = shell.lines("consume", "b")
    assert [(row["key"], row["value"]) for row in found] == [(None, "one"), (None, "two"), ("k", "three:3")]


def test_a_record_has_the_key_the_headers_and_the_partition_it_was_given(shell: Shell) -> None:
    shell.json("topics", "create", "c", "--partitions", "3")
    (row,) = shell.json("produce", "c", "v", "--key", "k", "--header", "h=1", "--header", "h=2", "--partition", "2")
    assert (row["partition"], row["offset"]) == (2, 0)
    (found,) = shell.lines("consume", "c")
    assert (found["key"], found["headers"]) == ("k", [["h", "1"], ["h", "2"]])


def test_a_tombstone_has_a_key_and_no_value(shell: Shell) -> None:
    shell.json("produce", "d", "--tombstone", "--key", "k")
    (found,) = shell.lines("consume", "d")
    assert (found["key"], found["value"]) == ("k", None)
    assert "--tombstone takes a --key" in shell.refusal("produce", "d", "--tombstone")


def test_what_cannot_be_written_is_an_error(shell: Shell) -> None:
    shell.json("topics", "create", "e", "--config", "max.message.bytes=100")
    why = shell.refusal("produce", "e", "x" * 200)
    assert "1 of 1 records not written" in why
    assert "has no ':' between key and value" in shell.refusal("produce", "e", "--key-separator", ":", "x")
    assert "does not go with --key" in shell.refusal("produce", "e", "--key-separator", ":", "--key", "k", "x")

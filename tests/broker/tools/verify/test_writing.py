"""A producer whose every call is in the history, answered or not."""

import pytest

from odradek.broker.tools.verify.history import Begin, End, Init, Phase, Record, Send, SendOffsets
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.writing import WritingProcess

from .driven import Driven
from .story import A

WHERE = ("run-plain", 0)


def writing(driven: Driven, transactional_id: str = "id", name: str = "p/1") -> WritingProcess:
    producer = driven.library.producer(transactional_id or None, 10.0, "none")
    return WritingProcess(driven.run.history, name, transactional_id, producer)


def phases(driven: Driven, kind: type) -> list[Phase]:
    return [one.phase for one in driven.run.history.operations() if isinstance(one.detail, kind)]


def test_a_transaction_is_in_the_history_from_its_begin_to_its_end() -> None:
    driven = Driven()
    process = writing(driven)
    process.init()
    name = process.begin()
    process.send([Record(*WHERE, process.new_value())])
    process.send_offsets({A: 5}, "g", driven.library.consumer("g", None))  # type: ignore[arg-type]
    process.commit()
    for kind in (Init, Begin, Send, SendOffsets, End):
        assert phases(driven, kind) == [Phase.INVOKE, Phase.OK]
    assert driven.details(End) == [End(name, is_commit=True)]
    assert process.transaction is None


def test_transactions_and_values_have_names_of_their_own() -> None:
    driven = Driven()
    process = writing(driven)
    process.init()
    names, values = list[str](), list[str]()
    for _ in range(3):
        names.append(process.begin())
        values += [process.new_value(), process.new_value()]
        process.abort()
    assert names == ["p/1.1", "p/1.2", "p/1.3"]
    assert len(set(values)) == 6
    assert all(value.startswith(names[at // 2]) for at, value in enumerate(values))


def test_a_send_is_complete_with_the_offsets_of_the_answers() -> None:
    driven = Driven()
    process = writing(driven, "")
    process.send([Record(*WHERE, process.new_value()) for _ in range(2)])
    asked, answered = driven.details(Send, Phase.INVOKE), driven.details(Send)
    assert [record.offset for record in asked[0].records] == [None, None]
    assert [record.offset for record in answered[0].records] == [0, 1]
    assert driven.stored() == ["p/1:1", "p/1:2"]


def test_a_send_without_its_answers_is_an_error_and_indeterminate() -> None:
    driven = Driven()
    zombie, newer = writing(driven), writing(driven, name="q/1")
    zombie.init()
    zombie.begin()
    newer.init()
    with pytest.raises(ClientError, match="fenced"):
        zombie.send([Record(*WHERE, zombie.new_value())])
    assert phases(driven, Send) == [Phase.INVOKE, Phase.INFO]
    assert driven.operations(Send, Phase.INFO)[0].note == "fenced"


def test_a_call_that_fails_is_indeterminate_and_the_transaction_stays_its_own() -> None:
    driven = Driven()
    zombie, newer = writing(driven), writing(driven, name="q/1")
    zombie.init()
    name = zombie.begin()
    newer.init()
    with pytest.raises(ClientError, match="fenced"):
        zombie.commit()
    assert phases(driven, End) == [Phase.INVOKE, Phase.INFO]
    assert zombie.transaction == name

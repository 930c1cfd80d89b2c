"""Work of a test's threads: at once, or when the test says so."""

from odradek.broker.testing.threads import ManualThreads


def failing() -> None:
    raise ValueError("the unforeseen")


def test_work_is_done_when_it_is_given_and_its_failure_handed_on() -> None:
    threads, outcomes = ManualThreads(), list[Exception | None]()
    threads.run(lambda: None, outcomes.append)
    threads.run(failing, outcomes.append)
    assert [repr(outcome) for outcome in outcomes] == ["None", "ValueError('the unforeseen')"]
    assert (threads.done, threads.held) == (2, 0)


def test_held_work_is_done_in_its_order_when_the_test_says_so() -> None:
    threads, done = ManualThreads(holds=True), list[str]()
    for name in ("first", "second"):
        threads.run(lambda name=name: done.append(name), lambda error, name=name: done.append(f"after {name}"))  # type: ignore[misc]
    assert (done, threads.held) == ([], 2)
    threads.finish()
    assert done == ["first", "after first"]
    threads.finish()
    assert done == ["first", "after first", "second", "after second"]


def test_everything_includes_what_follows_from_it() -> None:
    threads, done = ManualThreads(holds=True), list[str]()
    threads.run(lambda: None, lambda error: threads.run(lambda: done.append("what follows"), lambda error: None))
    threads.finish_all()
    assert (done, threads.held, threads.done) == (["what follows"], 0, 2)

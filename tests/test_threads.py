"""Threads that share work: every job once, every error seen, and nothing left hanging."""

import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections import Counter
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from attnviz import threads as workers
from attnviz.threads import by_tokens, in_turn, one_blas_thread, share

PATIENCE = 20  # seconds; what hangs is a failure


@pytest.fixture(autouse=True)
def team(monkeypatch):
    """Four threads wherever this runs."""
    monkeypatch.setattr(workers, "n_workers", lambda: 4)


def is_held():
    """Whether work on tokens is shared, as it is only where BLAS is held to one thread."""
    parts = []
    by_tokens(lambda part: parts.append(part) or part, np.ones((4, 1)))
    return len(parts) > 1


def blas_threads():
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}


@pytest.fixture
def two_blas_threads():
    with threadpool_limits(2, user_api="blas"):
        assert blas_threads() == {2}
        yield
        assert blas_threads() == {2}


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 100])
@pytest.mark.parametrize("run", [share, in_turn])
def test_every_job_runs_once(run, n):
    done = []
    run(partial(done.append, i) for i in range(n))
    assert sorted(done) == list(range(n))


def test_jobs_run_at_the_same_time():
    meeting = threading.Barrier(4, timeout=PATIENCE)
    share([meeting.wait] * 4)  # each waits for the three others


def test_threads_are_kept_for_the_next_call():
    def waiting():
        meeting.wait()
        seen.add(threading.get_ident())

    seen = set()
    for _ in range(3):
        meeting = threading.Barrier(4, timeout=PATIENCE)
        share([waiting] * 4)
    assert len(seen) == 4


def test_one_worker_runs_all_jobs_in_the_callers_thread(monkeypatch):
    monkeypatch.setattr(workers, "n_workers", lambda: 1)
    seen = set()
    share([lambda: seen.add(threading.get_ident())] * 5)
    assert seen == {threading.get_ident()}


class Stop(BaseException):
    """What is not even an Exception."""


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError, Stop])
@pytest.mark.parametrize("where", ["here", "another thread", "everywhere", "last"])
def test_what_a_job_raises_comes_through_and_the_next_call_works(error, where):
    caller, meeting = threading.get_ident(), threading.Barrier(4, timeout=PATIENCE)

    def job():
        meeting.wait()  # now all four threads have one
        mine = threading.get_ident() == caller
        if where == "everywhere" or where == ("here" if mine else "another thread"):
            raise error("seen")

    def failing():
        raise error("seen")

    with pytest.raises(error, match="seen"):
        share([job] * 4 + [failing] * (where == "last"))
    for _ in range(3):
        again = []
        share([partial(again.append, i) for i in range(9)])
        assert sorted(again) == list(range(9))
    assert not is_held()


def test_after_an_error_nothing_is_still_running():
    started, ended = [], []

    def slow():
        started.append(1)
        time.sleep(0.05)
        ended.append(1)

    def fails():
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        share([slow, slow, fails, slow, slow])
    assert len(started) == len(ended) >= 2


@pytest.mark.parametrize("setting", ["ignore", "raise"])
def test_settings_of_the_caller_hold_in_every_thread(setting):
    meeting = threading.Barrier(4, timeout=PATIENCE)

    def divide():
        meeting.wait()
        seen.append(np.geterr()["divide"])
        np.ones(3) / np.zeros(3)

    seen = []
    with np.errstate(divide=setting):
        if setting == "raise":
            with pytest.raises(FloatingPointError):
                share([divide] * 4)
        else:
            share([divide] * 4)
    assert seen == [setting] * 4


def test_calls_from_several_threads_do_not_wait_for_one_another():
    done = Counter()

    def call(i):
        for _ in range(20):
            share([partial(done.update, [i])] * 5)

    threads = [threading.Thread(target=call, args=(i,), daemon=True) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == dict.fromkeys(range(4), 100)
    assert not is_held()


# Work on tokens.


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("held", [True, False])
def test_by_tokens_is_the_plain_call(n, held):
    x, y = np.random.RandomState(1).standard_normal((2, n, 3))

    def both(a, b):
        calls.append(len(a))
        return a + 2 * b, np.asfortranarray(a)[:, :1], (a > b).sum(axis=1)

    def one(a):
        return a * 3

    calls = []
    with one_blas_thread() if held else warnings.catch_warnings():
        got, alone = by_tokens(both, x, y), by_tokens(one, x)
    assert isinstance(got, tuple)
    for part, expected in zip(got, (x + 2 * y, x[:, :1], (x > y).sum(axis=1)), strict=True):
        assert part.dtype == expected.dtype
        assert np.array_equal(part, expected)
    assert np.array_equal(alone, x * 3)
    assert sum(calls) == n
    assert len(calls) == (min(n, 4) if held else 1)
    assert max(calls) - min(calls) <= 1


def test_by_tokens_passes_errors_on():
    def work(part):
        raise ValueError(f"{len(part)} tokens")

    with one_blas_thread(), pytest.raises(ValueError, match="tokens"):
        by_tokens(work, np.ones((9, 2)))


# BLAS.


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_is_held_to_one_thread_and_let_go():
    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() <= {1}
        with one_blas_thread():
            assert blas_threads() <= {1}
            assert is_held()
        assert blas_threads() <= {1}
    assert blas_threads() == before
    assert not is_held()
    with pytest.raises(ValueError, match="on purpose"), one_blas_thread():
        raise ValueError("on purpose")
    assert blas_threads() == before
    assert not is_held()


@pytest.mark.usefixtures("two_blas_threads")
def test_the_last_of_several_threads_gives_blas_its_threads_back():
    before, first, second = blas_threads(), one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() <= {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_is_held_while_work_is_shared():
    before, seen = blas_threads(), []
    share([lambda: seen.append(blas_threads())] * 4)
    assert all(threads <= {1} for threads in seen)
    assert blas_threads() == before


# How many.


@pytest.mark.parametrize(
    ("said", "processors", "n"),
    [("", 64, 8), ("", 3, 3), ("2", 64, 2), ("0", 64, 1), ("99", 4, 4), ("two", 4, 4)],
)
def test_workers_are_as_many_as_the_process_may_use(monkeypatch, said, processors, n):
    monkeypatch.undo()
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)), raising=False)
    assert workers.n_workers.__wrapped__() == n


# A forked process has none of the threads.


def in_child(results):
    found = []
    share([partial(found.append, i) for i in range(9)])
    with one_blas_thread():
        total = by_tokens(lambda part: part * 2, np.ones((9, 2))).sum()
    results.put((sorted(found), float(total), is_held()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("held", [False, True])
def test_a_forked_process_starts_anew(held):
    share([lambda: None] * 9)  # so that there are threads to be lost
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    with warnings.catch_warnings(), one_blas_thread() if held else warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads is the point
        child = context.Process(target=in_child, args=(results,))
        child.start()
    child.join(PATIENCE)
    if child.is_alive():
        child.kill()
        pytest.fail("the child hangs")
    assert child.exitcode == 0
    assert results.get() == (list(range(9)), 36.0, False)
    share([lambda: None] * 9)
    assert sys.exc_info() == (None, None, None)

"""Weights are kept, streamed, or refused before any work, as the memory says."""

import numpy as np
import pytest

from attnviz.attention import masks
from attnviz.attention.prepare import prepare
from attnviz.attention.streaming import stream_inputs
from attnviz.errors import AttnvizError
from attnviz.record.summary import summary_bytes
from attnviz.threads import n_workers
from attnviz.tracing.memory import block_rows, choose_storage, format_bytes, parse_bytes
from attnviz.tracing.observers import Summarizer


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("4096", 4096),
        ("0", 0),
        ("500MB", 500_000_000),
        ("500mb", 500_000_000),
        ("1GiB", 2**30),
        ("1.5G", 3 * 2**29),
        ("64K", 2**16),
        ("2 kB", 2000),
        ("100B", 100),
    ],
)
def test_sizes_of_memory(size, expected):
    assert parse_bytes(size) == expected


@pytest.mark.parametrize("size", ["", "MB", "-1", "1e9", "lots", "1GX", "1,5GB", "9" * 40])
def test_what_is_no_size_is_named(size):
    with pytest.raises(AttnvizError, match="not a size"):
        parse_bytes(size)


def test_sizes_are_said_for_people():
    assert [format_bytes(n) for n in (0, 479, 2048, 1536 * 2**20, 20 * 2**30)] == [
        "0 B", "479 B", "2.0 KiB", "1.5 GiB", "20 GiB",
    ]  # fmt: skip


def inputs(n, heads=2, rule=None):
    return prepare(*[np.ones((heads, n, 8), np.float32)] * 3, mask=rule)


def test_a_summary_takes_what_is_reckoned():
    for heads, n_queries, n_keys, size in ((1, 700, 900, 64), (3, 2000, 1500, 256)):
        summary = Summarizer(heads, n_queries, n_keys, size).summary()
        kept = sum(array.nbytes for array in vars(summary).values() if hasattr(array, "nbytes"))
        kept += sum(array.nbytes for array in summary.measures.values())
        assert summary_bytes(heads, n_queries, n_keys, size) == kept


def test_less_memory_means_streaming_then_a_smaller_map_then_fewer_rows():
    n = 5000
    given = inputs(n)
    assert choose_storage(given, 3, 10 * 2**30).map_size is None
    assert choose_storage(given, 3, 0).map_size == 1024
    sizes = [choose_storage(given, 3, mib * 2**20).map_size for mib in (400, 40, 20, 12)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 1024 > sizes[-1]
    kept = 3 * summary_bytes(2, n, n, 64)
    few = choose_storage(given, 3, kept + 4 * 2**17)
    assert few.map_size == 64
    assert 1 <= block_rows(given, few.room) < 32
    stream_inputs(given, [], None, block_rows(given, few.room))


def test_weights_are_kept_where_as_much_again_is_left_to_work_on_them():
    whole = 3 * 2 * 500 * 500 * 4  # layers × heads × queries × keys of float32
    assert choose_storage(inputs(500), 3, 2 * whole).map_size is None
    assert choose_storage(inputs(500), 3, 2 * whole - 1).map_size is not None


@pytest.mark.parametrize("for_each_worker", [1 << 20, 4 << 20])
def test_a_block_is_no_larger_than_what_the_map_leaves(for_each_worker):
    n, left = 60_000, for_each_worker * n_workers()
    given = inputs(n, 1, masks.local(64))
    kept = summary_bytes(1, n, n, 1024)
    assert block_rows(given, choose_storage(given, 1, kept + (4 << 30)).room) is None
    room = choose_storage(given, 1, kept + left).room
    assert room == left
    rows = block_rows(given, room)
    assert 0.5 * left < n_workers() * 2 * 4 * (129 + 32) * rows <= left


def test_what_does_not_fit_is_said_with_what_would():
    given = inputs(5000)
    kept = 4 * summary_bytes(2, 5000, 5000, 64)
    with pytest.raises(AttnvizError) as caught:
        choose_storage(given, 4, kept // 2)
    message = str(caught.value)
    for part in (
        "5\u202f000 tokens",
        "4 layers of 2 heads",
        format_bytes(kept),
        "fewer heads",
        "`max_memory`",
    ):
        assert part in message
    least = message.rsplit(" ", 1)[1].rstrip(".")
    choose_storage(given, 4, parse_bytes(least))  # what it names works


def test_a_budget_below_one_row_names_the_smallest_that_works():
    with pytest.raises(AttnvizError, match=r"one row of 5\u202f000 weights") as caught:
        choose_storage(inputs(5000), 1, 1000)
    least = str(caught.value).rsplit(" ", 1)[1].rstrip(".")
    enough = choose_storage(inputs(5000), 1, parse_bytes(least))
    assert block_rows(inputs(5000), enough.room) is not None
    local = inputs(5000, rule=masks.local(2))
    with pytest.raises(AttnvizError, match="kept of 5\u202f000 tokens"):  # a row of it is short
        choose_storage(local, 1, 1000)

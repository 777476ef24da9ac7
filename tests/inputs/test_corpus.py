"""Many texts: lines and columns, in order, one at a time."""

import contextlib
import io
import json
import sys

import pytest

from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.inputs.corpus import LONGEST, Columns, Corpus, from_texts


def texts(*files, **options):
    return [entry.text for entry in Corpus([str(file) for file in files], **options)]


def test_lines_of_a_text_file_in_order(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffl9ett na3es\r\n\nالقط ناعس\n  \nlast".encode())
    corpus = Corpus([str(file)])
    entries = [*corpus]
    assert [entry.text for entry in entries] == ["l9ett na3es", "القط ناعس", "last"]
    assert [entry.number for entry in entries] == [0, 1, 2]
    assert [entry.place.rsplit(":", 1)[1] for entry in entries] == ["1", "3", "5"]
    assert corpus.n_empty == 2


def test_globs_and_several_files_and_standard_input(tmp_path, monkeypatch):
    for name in "cab":
        (tmp_path / f"{name}.txt").write_text(f"{name}1\n{name}2\n")
    assert texts(tmp_path / "*.txt") == ["a1", "a2", "b1", "b2", "c1", "c2"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x\ny\n")))
    assert texts(tmp_path / "b.txt", "-") == ["b1", "b2", "x", "y"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", 'text,label\n"a, b",pos\n"two\nlines",neg\n'),
        ("t.tsv", 'text\tlabel\na, b\tpos\n"two\nlines"\tneg\n'),
        ("t.jsonl", '{"text": "a, b", "label": "pos"}\n{"label": "neg", "text": "two\\nlines"}\n'),
    ],
)
def test_columns_of_tables(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    entries = [*Corpus([str(tmp_path / name)], Columns(group="label"))]
    assert [(entry.text, entry.group) for entry in entries] == [
        ("a, b", "pos"),
        ("two\nlines", "neg"),
    ]


def test_pairs_and_cells_that_are_missing(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("question,passage\nwho?,the cat\nwhere?\n,nobody asks\n")
    corpus = Corpus([str(file)], Columns("question", "passage"))
    assert [(entry.text, entry.pair) for entry in corpus] == [("who?", "the cat"), ("where?", "")]
    assert corpus.n_empty == 1


def test_the_first_so_many_and_a_sample_of_all(tmp_path):
    file = tmp_path / "n.txt"
    file.write_text("".join(f"{i}\n" for i in range(1000)))
    assert texts(file, limit=3) == ["0", "1", "2"]
    drawn = [*Corpus([str(file)], sample=100, seed=5)]
    numbers = [entry.number for entry in drawn]
    assert numbers == sorted(set(numbers))
    assert [entry.text for entry in drawn] == [str(number) for number in numbers]
    assert [*Corpus([str(file)], sample=100, seed=5)] == drawn
    assert [*Corpus([str(file)], sample=100, seed=6)] != drawn
    assert len([*Corpus([str(file)], sample=5000)]) == 1000


def test_a_sample_is_fair(tmp_path):
    file = tmp_path / "n.txt"
    file.write_text("".join(f"{i}\n" for i in range(20)))
    counts = [0] * 20
    for seed in range(600):
        for text in texts(file, sample=5, seed=seed):
            counts[int(text)] += 1
    assert all(110 < count < 195 for count in counts)  # 150 expected, 4 standard deviations


BAD = [
    ("a.txt", b"ok\n\xff\xfe\n", Columns(), "line 2"),
    ("a.txt", b"a\0b\n", Columns(), "NUL"),
    ("a.txt", b"x" * (LONGEST + 1), Columns(), grouped(LONGEST)),
    ("a.txt", b"one\n", Columns("text"), "no columns"),
    ("a.csv", b"a,b\n1,2\n", Columns(), "a, b"),
    ("a.csv", b"text,b\n1,2\n", Columns(group="c"), "text, b"),
    ("a.csv", b"", Columns(), "several columns"),
    ("a.csv", b"text\n" + b'"' + b"x" * (LONGEST + 10), Columns(), "line"),
    ("a.jsonl", b'{"text": "a"}\n{"text": \n', Columns(), "line 2"),
    ("a.jsonl", b"[1]\n", Columns(), "line 1"),
    ("a.jsonl", b"[" * 100_000, Columns(), "line 1"),
    ("a.jsonl", b'{"words": "a", "n": 1}\n', Columns("text"), "words, n"),
]


@pytest.mark.parametrize(("name", "content", "columns", "named"), BAD)
def test_what_is_wrong_is_named(tmp_path, name, content, columns, named):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AttnvizError) as caught:
        list(Corpus([str(tmp_path / name)], columns))
    assert named in str(caught.value)
    assert name in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(AttnvizError, match="nothing"):
        list(Corpus([str(tmp_path / "nothing*.txt")]))


def test_a_large_file_is_never_read_whole(tmp_path):
    import tracemalloc

    file = tmp_path / "large.txt"
    line = json.dumps("word " * 200) + "\n"
    file.write_text(line * 20_000)  # 20 MB
    tracemalloc.start()
    assert sum(1 for _ in Corpus([str(file)])) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_texts_of_a_program():
    entries = list(from_texts(["a", ("q", "p")]))
    assert [(entry.text, entry.pair) for entry in entries] == [("a", None), ("q", "p")]
    with pytest.raises(AttnvizError, match="Text 1"):
        list(from_texts(["a", 3]))


def test_how_much_was_read_is_known_on_the_way(tmp_path):
    (tmp_path / "a.txt").write_text("one two\n" * 3)  # 24 bytes
    (tmp_path / "b.csv").write_text("text\n" + "a b\n" * 4 + "\n" * 3)  # 24 bytes
    corpus = Corpus([str(tmp_path / "a.txt"), str(tmp_path / "b.csv")])
    assert corpus.share is None
    shares = [corpus.share for _ in corpus]
    assert shares[:3] == [8 / 48, 16 / 48, 24 / 48]
    assert shares[3] == pytest.approx((24 + 9) / 48)
    assert corpus.share == 1
    some = Corpus([str(tmp_path / "a.txt")], limit=2)
    assert [some.share for _ in some] == [0.5, 1]
    assert some.share == 1
    drawn = Corpus([str(tmp_path / "a.txt")], sample=2)
    assert [drawn.share for _ in drawn] == [0.5, 1]


def test_a_pipe_is_read_no_further_than_it_must(tmp_path):
    """A writer that never ends: what is asked for comes all the same."""
    import os
    import threading

    place = tmp_path / "pipe.txt"
    os.mkfifo(place)
    n_written = 0

    def write():
        nonlocal n_written
        with open(place, "wb", buffering=0) as pipe, contextlib.suppress(BrokenPipeError):
            while True:
                n_written += pipe.write(b"a text of a few words\n" * 100)

    writer = threading.Thread(target=write)
    writer.start()
    corpus = Corpus([str(place)], limit=50)
    found = [entry.text for entry in corpus]
    assert found == ["a text of a few words"] * 50
    assert corpus.share == 1
    del found
    writer.join(10)
    assert not writer.is_alive()
    assert n_written < 1 << 18  # what a pipe and a buffer hold

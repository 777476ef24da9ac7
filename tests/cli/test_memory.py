"""Long texts on the command line: memory, parts, progress, and an end by Ctrl-C."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz.cli import run_command_line

TEXT = "The cat sat on the mat. It was tired, and it slept well! " * 110  # 1,760 tokens


def run(capsys, *words):
    status = run_command_line(["run", *words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(
    ("size", "said"), [("0", "weights streamed"), ("1GiB", "weights kept whole")]
)
def test_max_memory_chooses_and_the_output_says_which(capsys, size, said):
    status, out, err = run(capsys, TEXT, "--max-memory", size, "--heads", "1")
    assert status == 0
    assert said in err
    assert ("streamed: computed exactly" in out) == (size == "0")


@pytest.mark.parametrize(
    ("size", "said"),
    [("lots", "not a size of memory"), ("1KB", "The smallest that works is --max-memory")],
)
def test_memory_that_is_none_or_too_small_is_one_line(capsys, size, said):
    status, out, err = run(capsys, TEXT, "--max-memory", size)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("size", ["0", "1GiB"])
def test_a_part_is_shown_at_its_real_positions_with_the_whole_beside_it(capsys, size):
    status, out, _ = run(
        capsys, TEXT, "--rows", "1200:1230", "--cols", "1190:1240", "--max-memory", size
    )
    assert status == 0
    assert re.search(r"^ *1200 ", out, re.MULTILINE)
    assert "1190" in out
    place = "rows 1 200-1 229, columns 1 190-1 239 of 1 760 × 1 760 tokens"
    assert place in out.replace("\u202f", " ")
    assert "[]" in out  # where it lies


def test_one_row_of_a_streamed_text_is_that_of_the_whole(capsys):
    rows = []
    for size in ("0", "1GiB"):
        status, out, _ = run(capsys, TEXT, "--query", "900", "--max-memory", size, "--heads", "1")
        assert status == 0
        rows.append([line for line in out.splitlines() if re.match(r" +\d+ ", line)])
    assert rows[0] == rows[1] != []


@pytest.mark.parametrize("size", ["0", "1GiB"])
def test_a_query_among_rows_is_counted_in_the_whole_text(capsys, size):
    shown = ("--rows", "1200:1230", "--max-memory", size, "--heads", "1")
    status, out, _ = run(capsys, TEXT, *shown, "--query", "1203")
    assert status == 0
    assert "(1203)" in out
    status, out, err = run(capsys, TEXT, *shown, "--query", "3")
    assert (status, out) == (2, "")
    assert '"3" is not among the tokens that are shown' in err


def test_far_links_are_listed_with_their_places(capsys):
    status, out, _ = run(capsys, TEXT, "--show", "far", "--head", "1", "--max-memory", "0")
    assert status == 0
    found = re.findall(r"(\d+) (\S+) +→ +(\d+) (\S+) +(\d+)% · ([\d\u202f]+) tokens apart", out)
    assert found
    for query, name, key, other, _, apart in found:
        assert abs(int(query) - int(key)) == int(apart.replace("\u202f", ""))
        assert name.lower() == other.lower()  # head 1 looks at the same word


def test_a_part_of_a_short_text_needs_no_map_of_the_whole(capsys):
    status, out, _ = run(capsys, TEXT[:57], "--rows", "4:8", "--query", "It")
    assert status == 0
    assert "It (7)" in out  # its place in the text, not in the part
    assert "[]" not in run(capsys, TEXT[:57], "--rows", "4:8")[1]


@pytest.mark.parametrize("most", [0, 1 << 30])
def test_a_picture_of_a_part_shows_the_whole_and_a_frame(most):
    import attnviz
    from attnviz.analysis.transform import Transform
    from attnviz.views.look import Look
    from attnviz.views.picture.map import map_figure

    transform = Transform(rows="600:700", columns="600:900")
    record = attnviz.trace(TEXT, type="local", transform=transform, max_memory=most)
    figure = map_figure(record, Look())
    whole = next(axes for axes in figure.axes if axes.get_title() == "1\u202f760 × 1\u202f760")
    (frame,) = whole.patches
    assert frame.get_xy() == (600, 600)
    assert (frame.get_width(), frame.get_height()) == (300, 100)
    numbers = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert numbers[0] == "600"


def start(folder, *words, stderr):
    command = [sys.executable, "-m", "attnviz", "run", "--file", "long.txt", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=stderr)


def read_all(terminal, process):
    said = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            try:
                said += os.read(terminal, 4096)
            except OSError:  # the other side has gone
                break
        elif process.poll() is not None:
            break
    return said.decode(errors="replace")


@pytest.fixture
def long_text(tmp_path):
    (tmp_path / "long.txt").write_text(TEXT * 8, encoding="utf-8")  # 14,080 tokens
    return tmp_path


@pytest.mark.slow
def test_what_takes_long_shows_tokens_layers_and_time_left_to_a_terminal(long_text):
    terminal, theirs = pty.openpty()
    process = start(long_text, "--heads", "2", "--show", "none", stderr=theirs)
    os.close(theirs)
    said = read_all(terminal, process)
    assert process.wait(60) == 0
    assert re.search(r"layer 1 of 1 · [\d\u202f]+ of 14\u202f080 tokens", said)
    assert "left" in said


@pytest.mark.slow
@pytest.mark.parametrize(("name", "what"), [("x.json", "numbers"), ("x.csv", "lines")])
def test_a_large_file_says_how_far_it_is_to_a_terminal(long_text, name, what):
    terminal, theirs = pty.openpty()
    words = ["--heads", "1", "--rows", ":2000", "--cols", ":2000", "--show", "none", "-o", name]
    process = start(long_text, *words, stderr=theirs)
    os.close(theirs)
    said = read_all(terminal, process)
    assert process.wait(60) == 0
    assert re.search(rf"{name} · [\d\u202f]+ of [\d\u202f]+ {what}", said)


@pytest.mark.slow
def test_nobody_is_told_where_there_is_no_terminal(long_text):
    process = start(long_text, "--heads", "1", "--show", "none", stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


@pytest.mark.slow
def test_ctrl_c_leaves_no_file(long_text):
    terminal, theirs = pty.openpty()
    outputs = ("-o", "map.png", "-o", "record.npz")
    process = start(long_text, "--heads", "16", *outputs, stderr=theirs)
    os.close(theirs)
    begun = b""
    while b"tokens" not in begun:  # it says how far it is: it computes
        begun += os.read(terminal, 4096)
    process.send_signal(signal.SIGINT)
    said = read_all(terminal, process)
    assert process.wait(60) == 130, said
    assert "Traceback" not in said
    assert [path.name for path in Path(long_text).iterdir()] == ["long.txt"]

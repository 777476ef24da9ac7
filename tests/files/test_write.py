"""Files are whole under their names, whatever happens while they are written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz.errors import AttnvizError
from attnviz.files import write
from attnviz.files.write import written_whole

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["unnamed", "renamed"], autouse=True)
def both_ways(request, monkeypatch):
    if request.param == "renamed":
        monkeypatch.setattr(write, "UNNAMED", 0)


def test_a_new_file_and_one_that_stood_there(tmp_path):
    file = tmp_path / "a.bin"
    for content in (b"first", b"second"):
        with written_whole(file) as opened:
            opened.write(content)
        assert file.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_modes_are_the_user_s(tmp_path):
    mask = os.umask(0o027)
    try:
        with written_whole(tmp_path / "new") as opened:
            opened.write(b"x")
    finally:
        os.umask(mask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640
    (tmp_path / "new").chmod(0o604)
    with written_whole(tmp_path / "new") as opened:
        opened.write(b"y")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o604


def test_an_error_leaves_all_as_it_was(tmp_path):
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), written_whole(file) as opened:
        opened.write(bytes([1 // 0]))
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_link_goes_on_pointing(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with written_whole(tmp_path / "link") as opened:
        opened.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(AttnvizError, match="Cannot write"), written_whole(tmp_path / "no" / "a"):
        raise AssertionError


# A child writes the same file again and again, in pieces, and is ended at any moment.
KILLING = """
import os, random, signal, sys, time
from pathlib import Path
from attnviz.files.write import written_whole

folder, number, times = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
file, dice = folder / "file.bin", random.Random(number)
contents = [bytes([i]) * 200_000 for i in range(4)]
file.write_bytes(contents[0])
lost = half = 0
for _ in range(times):
    child = os.fork()
    if not child:
        while True:
            for content in contents:
                with written_whole(file) as opened:
                    for start in range(0, len(content), 50_000):
                        opened.write(content[start : start + 50_000])
    time.sleep(dice.random() * 0.01)
    os.kill(child, number)
    while os.waitpid(child, os.WNOHANG) == (0, 0):  # Python may lose an interrupt: send it again
        time.sleep(0.02)
        os.kill(child, number)
    lost += not file.exists()
    half += file.exists() and file.read_bytes() not in contents
rests = [path for path in folder.iterdir() if path != file]
print(lost, half, len(rests))
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_150_times_ended_at_any_moment(tmp_path, number):
    """SIGKILL may fall between the second name of a file and the rename: a whole file, seldom."""
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(tmp_path), str(int(number)), "150"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lost, half, rests = map(int, done.stdout.split())
    assert (lost, half) == (0, 0)
    assert rests <= 15


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_every_kind_of_file_ended_at_any_moment(tmp_path, number):
    """As above, with what commands write: five of each of 66 kinds (500 in all were seen)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.files.ended", str(tmp_path), str(int(number)), "330"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    rows = [line.rsplit(maxsplit=3) for line in done.stdout.splitlines()]
    assert len(rows) == 66
    assert [row for row in rows if row[1:3] != ["0", "0"]] == []
    assert sum(int(row[3]) for row in rows) <= 15 * (number == signal.SIGKILL)

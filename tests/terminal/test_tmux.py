"""The explorer in a real tmux: drawn, resized, clicked, left. Needs tmux; run by name:

pytest tests/terminal
"""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CAT = "The cat sat on the mat because it was tired"
# Sizes that pytest exports would be believed rather than the window's.
ALONE = f"env -u COLUMNS -u LINES PYTHONPATH='{ROOT}'"
PATIENCE = 120  # seconds, on a machine that is busy with other tests


class Tmux:
    """A server of its own with one window that runs a shell."""

    def __init__(self, socket, width, height):
        assert shutil.which("tmux"), "tmux is not installed: apt-get install tmux"
        self._socket = socket
        self._do("new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(ROOT), "sh")

    def _do(self, *command):
        base = ["tmux", "-f", "/dev/null", "-S", str(self._socket)]
        finished = subprocess.run([*base, *command], capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def type(self, *keys):
        self._do("send-keys", *keys)

    def write(self, text):
        self._do("send-keys", "-l", text)

    def resize(self, width, height):
        self._do("resize-window", "-x", str(width), "-y", str(height))

    def screen(self, *, styles=False):
        return self._do("capture-pane", "-p", "-J", *(["-e"] if styles else [])).split("\n")

    def wait_for(self, sign):
        end = time.monotonic() + PATIENCE
        while not any(re.search(sign, line) for line in self.screen()):
            assert time.monotonic() < end, "\n".join([f"no {sign!r} in:", *self.screen()])
            time.sleep(0.05)

    def wait_while(self, sign):
        end = time.monotonic() + PATIENCE
        while any(re.search(sign, line) for line in self.screen()):
            assert time.monotonic() < end, "\n".join([f"still {sign!r} in:", *self.screen()])
            time.sleep(0.05)

    def programs(self):
        """The process ids of what the shell has started."""
        shell = self._do("display-message", "-p", "#{pane_pid}").strip()
        return Path(f"/proc/{shell}/task/{shell}/children").read_text().split()

    def close(self):
        self._do("kill-server")


@pytest.fixture
def tmux(tmp_path):
    running = Tmux(tmp_path / "tmux", 80, 24)
    yield running
    running.close()


def explore(tmux, *arguments):
    command = f"{ALONE} '{sys.executable}' -m attnviz explore {' '.join(arguments)}"
    # What is typed before the shell is ready stands above its prompt: the status then follows that.
    tmux.write(f"{command}; echo status=$?")
    tmux.type("Enter")
    tmux.wait_for("What the weights show")


def test_an_hour_with_it_in_a_minute(tmux, tmp_path):
    explore(tmux, f"'{CAT}'", "--type", "local")
    before = tmux.screen()
    assert before[0].startswith(" local attention · window 2")
    assert all(len(line) <= 80 for line in before)
    tmux.type("Right", "Right", "l", "l")
    tmux.wait_for('strongest keys of "sat" · 2')
    tmux.wait_for("head 1 · same word")
    assert any("38;2" in line or "48;5" in line for line in tmux.screen(styles=True))
    for width, height in ((60, 20), (250, 60), (80, 24)):
        tmux.resize(width, height)
        tmux.wait_for(f"^.{{{width - 5}}}quit")  # the line of keys reaches the new edge
    tmux.type("i", "End")
    tmux.wait_for("edit · Esc")
    tmux.write(" القط 猫 [b]")
    tmux.wait_for(r'strongest keys of "\]"')
    tmux.type("Escape")  # a key right after it would be one with Alt
    tmux.wait_for("─text─")
    tmux.type("e")
    tmux.wait_for("Careful: attention weights")
    tmux.type("Escape")
    tmux.wait_while("Careful: attention weights")
    tmux.type("t")
    tmux.wait_for("global attention")
    tmux.type("o")
    tmux.wait_for("save: attention.png")
    tmux.type("C-u")
    tmux.write(str(tmp_path / "map.png"))
    tmux.type("Enter")
    end = time.monotonic() + PATIENCE
    while not (tmp_path / "map.png").exists():
        assert time.monotonic() < end, "\n".join(tmux.screen())
        time.sleep(0.1)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    tmux.type("q")
    tmux.wait_for("status=0")
    assert not any("What the weights show" in line for line in tmux.screen())


def test_ctrl_c_gives_the_terminal_back(tmux):
    explore(tmux, "samples/texts/article.txt")
    tmux.type("C-c")
    tmux.wait_for("status=130")


def test_a_window_that_is_closed_leaves_no_program_behind(tmp_path):
    tmux = Tmux(tmp_path / "closed", 80, 24)
    explore(tmux, f"'{CAT}'")
    (program,) = tmux.programs()
    tmux.type("Right")  # something is being drawn while the terminal goes
    tmux.close()
    end = time.monotonic() + PATIENCE
    while Path(f"/proc/{program}").exists():
        assert time.monotonic() < end, "it still runs"
        time.sleep(0.05)


def test_without_a_full_screen(tmux):
    tmux.write(f"{ALONE} TERM=dumb '{sys.executable}' -m attnviz explore 'The cat'")
    tmux.type("Enter")
    tmux.wait_for("Use attnviz run")

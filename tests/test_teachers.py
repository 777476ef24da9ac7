"""Every command of the page for teachers runs, and its screen holds the lines that it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from attnviz.cli import run_command_line

PAGE = (Path(__file__).parents[1] / "samples" / "teachers.md").read_text(encoding="utf-8")
# A command, and the screen that follows it if one does.
STEPS = re.findall(r"^    attnviz (.*)$(?:\n\n.*\n\n```text\n((?:.+\n)+)```)?", PAGE, re.MULTILINE)


def test_the_page_is_a_lesson_in_two_languages():
    assert len(STEPS) == 12
    assert [" ".join(command.split(" --lang darija")).strip() for command, _ in STEPS[6:]] == [
        command for command, _ in STEPS[:6]
    ]
    times = [int(minute) for minute in re.findall(r"^### \d+ \S+ (\d+) ", PAGE, re.MULTILINE)]
    assert times == [7, 15, 27, 33, 38, 45] * 2


@pytest.mark.slow
@pytest.mark.parametrize(("command", "expected"), STEPS, ids=[command for command, _ in STEPS])
def test_a_screen_is_as_the_page_says(command, expected, monkeypatch, capsys):
    for name, value in (("COLUMNS", "90"), ("LINES", "40")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ATTNVIZ_LANG", raising=False)
    assert run_command_line(shlex.split(command)) == 0
    screen = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in expected.splitlines():
        assert any(" ".join(line.split()) in shown for shown in screen), line

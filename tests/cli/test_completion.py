"""What Tab offers, by the protocol of the shells themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz.cli import run_command_line

ROOT = Path(__file__).parents[2]


def asked(line, monkeypatch, capsys, shell="bash"):
    """What is written to a shell that asks what may follow `line`."""
    if shell == "bash":
        words = line.split(" ")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    else:
        monkeypatch.delenv("COMP_WORDS", raising=False)
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("_ATTNVIZ_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    try:
        status = run_command_line([])
    except SystemExit as leaving:
        status = leaving.code
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines(), status


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("attnviz tra", ["translate", "transcribe"]),
        ("attnviz run --type c", ["causal", "cross"]),
        ("attnviz run -t lo", ["local"]),
        ("attnviz compare --type self,lo", ["self,local"]),
        ("attnviz run --lang ", ["en", "darija", "ary-Arab"]),
        ("attnviz run --show t", ["table", "top", "timeline"]),
        ("attnviz run --color ", ["auto", "always", "never"]),
        ("attnviz run --head ", ["mean", "all", "0", "1", "2", "3"]),
        ("attnviz run --heads 2 --head ", ["mean", "all", "0", "1"]),
        ("attnviz run --model induction --head 1.", ["1.0", "1.1", "1.2", "1.3"]),
        ("attnviz run --model induction --head 7.", []),
        ("attnviz run --model induction --layer ", ["all", "last", "0", "1"]),
        ("attnviz run --sample darija", ["darija-latin", "darija-arabic"]),
        ("attnviz samples eng", ["english"]),
        ("attnviz explain soft", ["softmax"]),
        ("attnviz run --model ind", ["induction"]),
        ("attnviz run --hide", ["--hide-special"]),
        ("attnviz run --merge s", ["sentences"]),
        ("attnviz run --keep query,sc", ["query,scores"]),
        ("attnviz transcribe --show a", []),  # a flag there: the word is a file
    ],
)
def test_bash_is_offered(line, offered, monkeypatch, capsys):
    found, status = asked(line, monkeypatch, capsys)
    assert (found if offered else [w for w in found if w], status) == (offered, 0)


def test_checkpoints_are_offered_and_other_folders_are_left_to_the_shell(
    tmp_path, monkeypatch, capsys
):
    for name in ("bert", "texts"):
        (tmp_path / "here" / name).mkdir(parents=True)
    (tmp_path / "here" / "bert" / "config.json").write_text("{}")
    (tmp_path / "here" / "brief.gguf").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    found, _ = asked("attnviz models here/", monkeypatch, capsys)
    assert found == ["here/bert", "here/brief.gguf"]
    found, _ = asked(f"attnviz run --model {tmp_path}/here/br", monkeypatch, capsys)
    assert found == [f"{tmp_path}/here/brief.gguf"]


def test_zsh_is_told_what_it_can_evaluate(monkeypatch, capsys):
    found, _ = asked("attnviz run --type lo", monkeypatch, capsys, "zsh")
    assert found == ["""_arguments '*: :(("local"))'"""]
    found, _ = asked("attnviz run -o ", monkeypatch, capsys, "zsh")
    assert found == ["_files"]
    found, _ = asked("attnviz run --sho", monkeypatch, capsys, "zsh")
    assert "table · heatmap" in found[0]


def test_a_line_that_cannot_be_read_offers_nothing(monkeypatch, capsys):
    line = "attnviz run --image a.png --image b.png --lang "
    assert asked(line, monkeypatch, capsys) == ([], 2)
    assert asked("attnviz run --model no/such/folder --head ", monkeypatch, capsys)[1] == 0


def in_bash(script, home):
    """What bash writes, with `attnviz` as a program of its own."""
    program = home / "bin" / "attnviz"
    program.parent.mkdir()
    code = "from attnviz.__main__ import main; main()"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{code}' \"$@\"\n")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    given = os.environ | {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=given, capture_output=True, text=True, check=False,
        cwd=ROOT,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.slow
def test_bash_completes_once_it_was_installed(tmp_path):
    script = (
        "attnviz --install-completion > /dev/null; source ~/.bashrc; "
        "COMP_WORDS=(attnviz compare --type self,lo); COMP_CWORD=3; "
        "_attnviz_completion attnviz; printf '%s\\n' \"${COMPREPLY[@]}\"; "
        "complete -p attnviz"
    )
    assert in_bash(script, tmp_path) == [
        "self,local", "complete -o default -F _attnviz_completion attnviz",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_script_that_is_shown_is_one_that_bash_reads(tmp_path):
    script = (
        'eval "$(attnviz --show-completion; true)"; COMP_WORDS=(attnviz run --lang da); '
        'COMP_CWORD=3; _attnviz_completion attnviz; echo "${COMPREPLY[@]}"'
    )
    assert in_bash(script, tmp_path) == ["darija"]


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_a_shell_that_is_not_known_is_named_in_one_line(option, monkeypatch, capsys):
    import shellingham

    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("tcsh", "/bin/tcsh"))
    assert run_command_line([option]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert '"tcsh"' in err
    assert "bash, zsh, fish" in err

"""Help in panels, the common options first; and colour as it was asked for."""

import re

import pytest

from attnviz.cli import COMMANDS, run_command_line

COMMON = ["file", "type", "model", "image", "audio", "layer", "head", "show", "output", "query"]


def panels(command, monkeypatch, capsys):
    """The names of a command's long options, by panel."""
    monkeypatch.setenv("COLUMNS", "80")
    assert run_command_line([command, "--help"]) == 0
    out = capsys.readouterr().out
    parts = re.split(r"╭─ ([A-Z][a-z ]+?) ─+╮", out)
    return {
        name: re.findall(r"^│ [* ]*--([a-z-]+)", body, re.MULTILINE)
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }, out


def test_run_has_its_ten_common_options_first(monkeypatch, capsys):
    found, out = panels("run", monkeypatch, capsys)
    assert [*found] == [
        "Arguments", "Options", "Text", "Model", "Which part", "How it looks", "Output",
    ]  # fmt: skip
    assert {*found["Options"]} == {*COMMON, "help"}
    assert "color" in found["How it looks"]
    assert out.count("<str>") == 1  # the text itself


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_in_one_panel(command, monkeypatch, capsys):
    from typer.main import get_command

    from attnviz.cli import app_of

    found, out = panels(command, monkeypatch, capsys)
    assert len({*found["Options"]} - {"help"}) <= len(COMMON)
    assert not re.search(r"--[a-z-]+ .*<(str|path|int|float|text)>", out)
    listed = [name for names in found.values() for name in names]
    only = get_command(app_of([command]))
    only = getattr(only, "commands", {command: only})[command]
    options = [each for each in only.params if each.opts[0].startswith("--")]
    assert sorted(listed) == sorted([*(each.opts[0][2:] for each in options), "help"])


@pytest.mark.parametrize(("when", "coloured"), [("always", True), ("never", False)])
@pytest.mark.parametrize("before", ["NO_COLOR", "FORCE_COLOR"])
def test_colour_is_what_was_asked_for_and_only_then(when, coloured, before, monkeypatch, capsys):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv(before, "1")
    assert run_command_line(["run", "a b", "--color", when]) == 0
    background = "\033\\[[0-9;]*(4|10)[0-9]"
    assert bool(re.search(background, capsys.readouterr().out)) == coloured
    assert run_command_line(["run", "a b", "--color", "auto"]) == 0
    assert ("\033[" in capsys.readouterr().out) == (before == "FORCE_COLOR")


def test_a_colour_that_is_no_answer(capsys):
    assert run_command_line(["run", "a b", "--color", "red"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "not valid for --color" in err

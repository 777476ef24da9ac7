"""A group of options: what Typer reads from a command, and what the command is given."""

from dataclasses import dataclass
from inspect import signature

import pytest
import typer
from typer.testing import CliRunner

from attnviz.analysis.head_measures import MEASURES
from attnviz.attention.attention_types import ATTENTION_TYPES
from attnviz.cli import options, run_command_line
from attnviz.views.scale import SCALES
from attnviz.views.terminal.show import SHOWS


@dataclass(frozen=True, kw_only=True)
class Model:
    model: options.Model = "builtin"
    heads: options.Heads = None


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Model):
    truncate: options.Truncate = False


def called(*words):
    """What a command with a group between two options of its own is given."""
    given = []

    @options.spread
    def command(*, first: int = 1, asked: Checkpoint, lang: options.Lang = None):
        given.extend((first, asked, lang))

    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return command, given


def test_a_group_is_spread_where_it_stands():
    command, _ = called()
    assert list(signature(command).parameters) == ["first", "model", "heads", "truncate", "lang"]


def test_what_is_left_out_has_its_default():
    _, given = called()
    assert given == [1, Checkpoint(), None]


def test_each_option_reaches_its_field():
    _, given = called("-H", "3", "--truncate", "--lang", "en", "--first", "2")
    assert given == [2, Checkpoint(heads=3, truncate=True), "en"]


@pytest.mark.parametrize(
    ("command", "listed"),
    [("run", SHOWS), ("run", SCALES), ("run", ATTENTION_TYPES), ("heads", MEASURES)],
)
def test_help_lists_what_there_is_to_choose_from(capsys, command, listed):
    assert run_command_line([command, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "{" not in shown
    for name in listed:
        assert f" {name}" in shown

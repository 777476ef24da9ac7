"""What the real MiniLM looks at in the lesson: the default tests have a stand-in for it."""

import pytest

from attnviz.cli import run_command_line


@pytest.fixture
def told(capsys, monkeypatch):
    """One topic's text in English."""
    monkeypatch.setenv("COLUMNS", "160")

    def told(topic):
        assert run_command_line(["explain", topic, "--lang", "en"]) == 0
        return capsys.readouterr().out

    return told


def test_a_bank_has_other_neighbours_in_another_sentence(told):
    """The river first of all words in one, money among the first two in the other."""
    said = told("why").split("He sat on the bank of the river")[1]
    first, second = said.split("She keeps her")
    assert first.split()[0] == "river"
    assert "money" in [line.split()[0] for line in second.splitlines()[1:3]]


def test_it_is_tired(told):
    trained = told("trained").split("minilm · it")[1].split("random · it")[0].splitlines()
    assert [line.split()[0] for line in trained[1:5]] == ["[CLS]", "tired", "because", "The"]

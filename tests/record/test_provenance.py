"""What a record was made with: the weights, the command, the version; kept, and not trusted."""

import hashlib
import json

import pytest

import attnviz
from attnviz import AttnvizError
from attnviz.cli import run_command_line
from attnviz.models.checkpoint import identity
from tests.reference import checkpoints

TEXT_IDS = ["--ids", "5,6,7"]


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "tiny"
    place.mkdir()
    checkpoints.save(place, checkpoints.config("bert"), checkpoints.tensors("bert"))
    return place


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def saved(record, tmp_path):
    record.save(tmp_path / "r.json")
    return json.loads((tmp_path / "r.json").read_text())


def test_a_record_names_its_weights_by_their_sha_256(folder, tmp_path):
    tree = saved(attnviz.trace(ids=[5, 6], model=folder), tmp_path)
    due = {"model.safetensors": digest(folder / "model.safetensors")}
    assert tree["model"]["details"]["sha256"] == due
    assert "command" not in tree  # nobody typed one
    again = saved(attnviz.read(tmp_path / "r.json"), tmp_path)
    assert again == tree


def test_a_snapshot_of_the_hub_is_named_by_its_revision(folder, tmp_path):
    revision = "0123456789abcdef" * 2 + "01234567"
    place = tmp_path / "models--user--name" / "snapshots" / revision
    place.parent.mkdir(parents=True)
    folder.rename(place)
    details = saved(attnviz.trace(ids=[5, 6], model=place), tmp_path)["model"]["details"]
    assert details["revision"] == revision
    assert "sha256" not in details


def test_weights_that_are_long_to_read_are_named_by_their_size(folder, tmp_path, monkeypatch):
    file = folder / "model.safetensors"
    monkeypatch.setattr(identity, "MOST_BYTES", file.stat().st_size - 1)
    details = saved(attnviz.trace(ids=[5, 6], model=folder), tmp_path)["model"]["details"]
    assert details["bytes"] == {"model.safetensors": file.stat().st_size}


def test_nothing_is_hashed_for_the_terminal_alone(folder, monkeypatch, capsys):
    def refuse(files):
        raise AssertionError(files)

    monkeypatch.setattr(identity, "hashes", refuse)
    assert run_command_line(["run", *TEXT_IDS, "--model", str(folder)]) == 0
    assert "Made with" not in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["json", "npz", "csv"])
def test_view_says_what_was_typed(folder, tmp_path, suffix, capsys):
    file = tmp_path / f"a b.{suffix}"
    typed = ["run", *TEXT_IDS, "--model", str(folder), "-o", str(file), "-q"]
    assert run_command_line(typed) == 0
    capsys.readouterr()
    assert run_command_line(["view", str(file)]) == 0
    said = capsys.readouterr().err
    assert f"sha-256 {digest(folder / 'model.safetensors')}" in said
    assert f"Made with attnviz {attnviz.__version__}: attnviz run --ids 5,6,7 --model" in said
    assert f"-o '{file}' -q" in said
    assert run_command_line(["view", str(file), "-o", str(tmp_path / "again.json"), "-q"]) == 0
    assert "attnviz run" in json.loads((tmp_path / "again.json").read_text())["command"]


def test_the_page_says_it_in_every_language(folder, tmp_path):
    file = tmp_path / "a.html"
    assert run_command_line(["run", *TEXT_IDS, "--model", str(folder), "-o", str(file), "-q"]) == 0
    tree = file.read_text().partition('id="tree">')[2].partition("</script>")[0]
    made = json.loads(tree)["made"]
    assert {tag: len(lines) for tag, lines in made.items()} == dict.fromkeys(made, 2)
    assert "Tsawb b attnviz" in made["ary-Latn"][1]


def test_built_in_heads_are_named_by_the_version_alone(tmp_path):
    file = tmp_path / "a.json"
    assert run_command_line(["run", "the cat", "-o", str(file), "-q"]) == 0
    tree = json.loads(file.read_text())
    assert "command" not in tree
    assert "sha256" not in tree["model"]["details"]


def test_the_version_that_made_a_record_stays(folder, tmp_path):
    tree = saved(attnviz.trace(ids=[5, 6], model=folder), tmp_path)
    tree["attnviz"] = "0.0.9"
    (tmp_path / "r.json").write_text(json.dumps(tree))
    assert saved(attnviz.read(tmp_path / "r.json"), tmp_path)["attnviz"] == "0.0.9"
    del tree["attnviz"]
    (tmp_path / "r.json").write_text(json.dumps(tree))
    attnviz.read(tmp_path / "r.json")


@pytest.mark.parametrize("name", ["attnviz", "command"])
def test_what_is_no_text_is_refused(folder, tmp_path, name):
    tree = saved(attnviz.trace(ids=[5, 6], model=folder), tmp_path)
    (tmp_path / "r.json").write_text(json.dumps({**tree, name: [5]}))
    with pytest.raises(AttnvizError, match="version or its command"):
        attnviz.read(tmp_path / "r.json")


@pytest.mark.parametrize("details", [{"sha256": [1]}, {"sha256": {"\x1b[31m": 5}}, {"revision": 5}])
def test_what_a_stranger_says_of_weights_reaches_no_terminal(folder, tmp_path, details, capsys):
    tree = saved(attnviz.trace(ids=[5, 6], model=folder), tmp_path)
    tree["model"]["details"] = details
    tree["command"] = "attnviz \x1b]0;x\x07run" + "x" * 9000
    (tmp_path / "r.json").write_text(json.dumps(tree))
    assert run_command_line(["view", str(tmp_path / "r.json")]) == 0
    seen = capsys.readouterr()
    assert "\x1b" not in seen.out + seen.err
    assert len(seen.err) < 6000

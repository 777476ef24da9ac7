"""What was once found broken, by its subject, with the smallest input that showed it.

Some kinds have a place of their own: strings of strangers in test_hostile.py (on the terminal, in
drawings, pages and spreadsheets) and test_explore.py; variables, encodings, settings of matplotlib,
closed and full streams, signals and files that may not be written in test_surroundings.py; memory
and time in test_bounds.py and inputs/test_tokenizer_size.py; records that lie in
record/test_strict.py; writers that are ended in files/test_write.py; scores beyond float32 in
attention/test_dense.py. What is drawn at random is in test_fuzz.py.
"""

import csv
import io
import json
import os
import wave

import numpy as np
import pytest

import attnviz
from attnviz.analysis.compare import Side, changes_of_heads, differences, largest_error
from attnviz.cli import run_command_line
from attnviz.cli.applications import Application
from attnviz.cli.picture_options import Drawing
from attnviz.cli.view_options import Display
from attnviz.errors import AttnvizError
from attnviz.language.darija_arabic import DARIJA_ARABIC
from attnviz.language.darija_latin import DARIJA_LATIN
from attnviz.language.english import ENGLISH
from attnviz.language.language import COUNTED, DECIMALS, SHARES
from attnviz.language.reworded import PREFIX
from tests.models.test_tokenizer import word_piece
from tests.reference import checkpoints

TEXT = "The cat, sat"


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Run words that have to be refused: one line, nothing on standard output, no new file."""
    monkeypatch.chdir(tmp_path)

    def look(*words):
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        status = run_command_line(list(words))
        out, err = capsys.readouterr()
        assert (status, out) == (2, ""), err
        assert err.startswith("attnviz: ")
        assert err.count("\n") == 1
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        return err

    return look


@pytest.mark.parametrize(
    "words",
    [
        ["run", TEXT],
        ["run", TEXT, "--max-memory", "0"],
        ["run", TEXT, "--query", "cat"],
        ["compare", TEXT, "A dog, ran", "--layer", "0"],
        ["heads", TEXT],
        ["cost", "--no-measure"],
        ["generate", "--ids", "3,7,9", "--model", "induction", "--max-new-tokens", "2"],
    ],
    ids=lambda words: " ".join(words)[:30],
)
def test_all_lines_of_a_table_have_as_many_cells(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_command_line([*words, "-o", "x.csv"]) == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "x.csv").read_text("utf-8"))))
    assert len(rows) > 2
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("name", ["global_attentions", "encoder_global_attentions"])
def test_global_attention_alone_is_refused(name, refused, tmp_path):
    weights = np.full((1, 1, 3, 3, 3), 1 / 3, np.float32)
    np.savez(tmp_path / "x.npz", **{name: weights})
    assert f"{name} without the weights that they belong to" in refused("view", "x.npz")
    with pytest.raises(AttnvizError, match="without the weights"):
        attnviz.from_weights({name: weights}, list("abc"))


def test_lists_within_themselves_are_no_weights():
    endless: dict[str, object] = {}
    endless["attn"] = endless
    with pytest.raises(AttnvizError, match="without an end"):
        attnviz.from_weights(endless, list("ab"))


def test_records_are_compared_some_rows_at_a_time(monkeypatch):
    """Each part as all of it: by the definition, over whole arrays."""
    one, other = (attnviz.trace("a b c d e", type=kind, heads=3) for kind in ("self", "causal"))
    p, q = (record.stack.weights.astype(np.float64) for record in (one, other))
    middle = (p + q) / 2

    def surprise(r):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num(r * np.log(r / middle)).sum(axis=-1)

    expected = ((surprise(p) + surprise(q)) / 2).mean(axis=-1)
    for at_once in (1, 7, 10, 1 << 20):
        monkeypatch.setattr("attnviz.analysis.compare.AT_ONCE", at_once)
        assert changes_of_heads(one.stack, other.stack) == pytest.approx(expected, abs=1e-6)
        (found,) = differences([Side("a", one), Side("b", other)])
        assert found.per_head == pytest.approx(expected, abs=1e-6)
        worst, where = largest_error(one, other)
        assert worst == np.abs(p - q).max()
        layer, head, row, column = np.argwhere(np.abs(p - q) == worst)[0]
        assert where == f"self, layer {layer}, head {head}, row {row}, column {column}"


MOVING = "a\x7fb\x9bc\u202ed\u2028e\u2066f\ufeffg القط 😀"


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        (["run", MOVING], lambda tree: tree["stacks"]["self"]["query_tokens"]["text"]),
        (["compare", MOVING, MOVING, "--layer", "0"], lambda tree: tree["sides"][0]["name"]),
        (["run", MOVING, "--query", "a", "--key", "b"], None),
        (["heads", MOVING], None),
        (["steps", MOVING, "--query", "0"], None),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_json_on_standard_output_moves_no_cursor_and_loses_nothing(words, holds, capsys):
    assert run_command_line([*words, "--json"]) in (0, 2)
    out = capsys.readouterr().out
    assert not set(out) & set("\x7f\x9b\u202e\u2028\u2066\ufeff")
    if holds is not None:
        assert holds(json.loads(out)).startswith(MOVING[:1])
    if words[0] == "run" and holds is not None:
        assert holds(json.loads(out)) == MOVING
        assert json.loads(out) == json.loads(attnviz.trace(MOVING).to_json())


@pytest.mark.parametrize("name", ["entropy", "largest", "total", "distance", "self", "first"])
def test_a_record_gives_every_measure_that_there_is(name, refused, tmp_path):
    """Only the first query has no key before it, and the last one none after it."""
    tree = json.loads(attnviz.trace("a b c d", type="causal", max_memory=0).to_json())
    kept = tree["stacks"]["self"]["summary"]["measures"]
    assert [kept[each][0][0].count(None) for each in ("previous", "next", name)] == [1, 1, 0]
    kept[name][0][0][1] = None
    (tmp_path / "x.json").write_text(json.dumps(tree), "utf-8")
    assert f"{name} is missing where there is one" in refused("view", "x.json")


@pytest.mark.parametrize("language", [ENGLISH, DARIJA_LATIN, DARIJA_ARABIC])
def test_parts_of_errors_are_words_and_not_numbers(language):
    """A part is found in an English sentence again: what stands in its places is text."""
    numbers = {f"{{{name}}}" for name in (*SHARES, *DECIMALS, *COUNTED)}
    parts = {key: said for key, said in language.sentences.items() if key.startswith(PREFIX)}
    assert not {key for key, said in parts.items() for number in numbers if number in said}


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
def test_a_number_of_a_config_that_is_too_large(lang, refused, tmp_path):
    checkpoints.save(
        tmp_path / "m", checkpoints.config("llama") | {"num_hidden_layers": 1 << 31}, {}
    )
    said = refused("run", "x", "--model", "m", "--lang", lang)
    assert "2147483648" in said
    assert "4\u202f096" in said


def test_a_token_of_marks_without_a_width_has_its_column(capsys):
    assert run_command_line(["run", "\U000e05b8", "--type", "causal"]) == 0
    assert "100% \U000e05b8" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("multiplier", "said"),
    [(1 << 40, "by 9.09e-13 so"), (0.25, "by √16 = 4 so"), (1.0, "by 1 so")],
)
def test_scores_are_divided_by_what_the_checkpoint_says(multiplier, said, tmp_path, capsys):
    """By its own number, which four decimals may not hold; a root is named where it is one."""
    config = checkpoints.config("granite") | {"attention_multiplier": multiplier}
    checkpoints.save(tmp_path / "m", config, checkpoints.tensors("granite"))
    word_piece().save(str(tmp_path / "m" / "tokenizer.json"))
    assert run_command_line(["steps", "the cat", "--model", str(tmp_path / "m")]) == 0
    assert said in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "value", ["x", "", "complete_", "complete_x", "source_", "zsh_complete", "complete_bash"]
)
def test_what_is_no_question_of_a_shell_is_put_aside(value, monkeypatch, capsys):
    """Bash asks with its own variables beside the question: without them it is none."""
    for name in ("COMP_WORDS", "COMP_CWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("_ATTNVIZ_COMPLETE", value)
    assert run_command_line(["run", "a b"]) == 0
    out, err = capsys.readouterr()
    assert "rows sum to 100%" in out
    assert not err


@pytest.mark.parametrize(
    "asked",
    [Display(lang="x"), Application("words", None, False, False, "x", False, Drawing())],
)
def test_a_language_that_there_is_not_is_refused_before_any_work(asked):
    """A caption was written first, and its language refused below it."""
    with pytest.raises(AttnvizError, match='"x" is not available'):
        asked.check([])


def test_a_sound_that_takes_too_much_is_not_called_a_text(refused, tmp_path):
    with wave.open(str(tmp_path / "s.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8000 * 200))
    err = refused("run", "--audio", "s.wav", "--max-memory", "1MB")
    assert "5\u202f000 tokens" in err
    assert "less to read" in err
    assert "text" not in err


def test_a_record_that_packs_well_is_one_that_is_read_back(tmp_path, monkeypatch):
    """Above 1 GiB of zeros a record was written that nobody believed when it was read."""
    record = attnviz.from_weights(np.eye(200, dtype=np.float32)[None], [*map(str, range(200))])
    packed = len(record.to_npz())
    monkeypatch.setattr("attnviz.files.arrays.GIB", 1000)
    monkeypatch.setattr("attnviz.files.arrays.SMALL", packed)
    record.save(tmp_path / "x.npz")
    assert (tmp_path / "x.npz").stat().st_size > 4 * 200 * 200
    assert attnviz.read(tmp_path / "x.npz") == record


def test_a_record_larger_than_what_is_read_is_not_written(tmp_path, monkeypatch):
    record = attnviz.trace("a b c")
    monkeypatch.setattr("attnviz.files.arrays.LARGEST", 1000)
    with pytest.raises(AttnvizError, match="the most that are read back"):
        record.save(tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


def test_weights_beside_those_of_an_encoder_are_those_of_its_decoder():
    """The same names without cross_attentions ended in a KeyError."""
    rows = np.array([[0.5, 0.5], [1, 0]])
    with pytest.raises(AttnvizError, match="the encoder's tokens were not given"):
        attnviz.from_weights({"attentions": rows, "encoder_attentions": rows}, ["a", "b"])


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}, "a"),
        (
            {
                "post_processor": {
                    "type": "TemplateProcessing",
                    "single": [{"SpecialToken": {"id": "[X]", "type_id": 0}}],
                    "pair": [{"Sequence": {"id": "A", "type_id": 0}}],
                    "special_tokens": {},
                }
            },
            "a",
        ),
    ],
    ids=["a map of characters", "a frame"],
)
def test_a_tokenizer_that_panics_is_refused_in_one_line(
    part, text, refused, tmp_path, tmp_path_factory
):
    empty = dict.fromkeys(["truncation", "padding", "normalizer", "pre_tokenizer", "decoder"])
    model = {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}
    tree = {"version": "1.0", **empty, "added_tokens": [], "post_processor": None, "model": model}
    (tmp_path / "t.json").write_text(json.dumps(tree | part))
    written = tmp_path_factory.mktemp("stderr") / "written"  # by the library, past Python
    kept = os.dup(2)
    try:
        with written.open("wb") as file:
            os.dup2(file.fileno(), 2)
        refused("run", text, "--tokenizer", "t.json")
    finally:
        os.dup2(kept, 2)
    assert written.read_bytes() == b""


def test_a_part_of_a_long_text_has_a_bound(refused, tmp_path):
    """Where nothing may be kept a part may take 128 MiB: 4 heads of 3,000 × 3,000 take more."""
    (tmp_path / "long.txt").write_text("a b c " * 1000, "utf-8")
    said = refused("run", "--file", "long.txt", "--max-memory", "0", "--rows", ":")
    assert "3\u202f000 × 3\u202f000 weights in 4 heads" in said
    assert "128 MiB may be used. Ask for a smaller part (--rows, --cols)" in said


@pytest.mark.parametrize("words", [["run"], ["run", "--show", "grid"], ["compare", "b " * 65]])
def test_a_picture_has_a_bound_for_numbers(words, refused):
    """Each is a text of its own: 65 × 65 of them took minutes, and nobody can read them."""
    said = refused(*words, "a " * 65, "--annotate", "-o", "x.svg")
    assert "the numbers of 64 × 64 cells" in said


def test_a_table_without_room_for_its_numbers_is_a_map(tmp_path):
    picture = tmp_path / "x.svg"
    assert run_command_line(["run", "a " * 65, "--show", "table", "-o", str(picture)]) == 0
    assert picture.read_text("utf-8").count("<text") < 200

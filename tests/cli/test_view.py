"""`attnviz view`: what `run` wrote looks as it did, other people's arrays look like themselves, and
what cannot be shown ends as one line, status 2."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line

ROOT = Path(attnviz.__file__).parents[1]
TEXT = "The cat sat on the mat because it was tired"
WORDS = TEXT.split()
N = len(WORDS)
GUESTS = (
    "matplotlib",
    "tokenizers",
    "huggingface_hub",
    "torch",
    "attnviz.models",
    "attnviz.tracing.trace",
)


@pytest.fixture(autouse=True)
def plain(tmp_path, monkeypatch):
    """No colour, on a small terminal, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "ATTNVIZ_LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def attnviz_(capsys):
    """Run a command here; what it wrote to standard output and standard error."""

    def run(*words):
        status = run_command_line([*map(str, words)])
        captured = capsys.readouterr()
        assert status == 0, captured.err
        return captured.out, captured.err

    return run


def weights_of(*shape, seed=0):
    return np.random.default_rng(seed).dirichlet([0.2] * shape[-1], size=shape[:-1])


# What `run` wrote

RUNS = {
    "self": [TEXT],
    "causal": [TEXT, "--type", "causal"],
    "local": [TEXT, "--type", "local", "--window", "1"],
    "global": [TEXT, "--type", "global", "--global-tokens", "cat,it"],
    "cross": ["Lmouch gles", "--source", TEXT],
    "random": [TEXT, "--model", "random", "--seed", "3"],
    "Arabic": ["القط جالس فوق الزربية", "--type", "causal"],
}
LOOKS = [
    [],
    ["--show", "table", "--head", "1"],
    ["--show", "top", "--head", "mean"],
    ["--show", "arcs"],
    ["--show", "grid"],
    ["--explain"],
    ["--explain", "--lang", "darija"],
    ["--json"],
]


@pytest.mark.parametrize("name", RUNS)
def test_what_run_wrote_looks_as_it_did(attnviz_, name):
    files = [f"r{suffix}" for suffix in (".npz", ".json", ".csv")]
    attnviz_("run", *RUNS[name], "--show", "none", *(w for f in files for w in ("-o", f)))
    for look in LOOKS:
        before, _ = attnviz_("run", *RUNS[name], *look)
        assert before
        for file in files:
            assert attnviz_("view", file, *look) == (before, "")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".json", ".npz", ".csv"])
def test_and_draws_the_same_files(attnviz_, suffix):
    run = ["run", TEXT, "--type", "local", "--head", "1", "--show", "none"]
    attnviz_(*run, "-o", "r.npz", "-o", f"a{suffix}")
    for source in ("r.npz", f"a{suffix}" if suffix in (".json", ".csv") else "r.npz"):
        attnviz_("view", source, "--head", "1", "--show", "none", "-o", f"b{suffix}")
        assert Path(f"a{suffix}").read_bytes() == Path(f"b{suffix}").read_bytes()


def test_a_streamed_record_is_shown(attnviz_):
    words = " ".join(f"w{i % 97}" for i in range(600))
    record = attnviz.trace(words, max_memory=0, type="local")
    record.save("r.npz")
    out, _ = attnviz_("view", "r.npz")
    assert "600" in out or "streamed" in out
    assert len(out.splitlines()) <= 24


# Other people's arrays


def numbers_in(out, n_columns):
    rows = [line.split() for line in out.splitlines() if line.strip()]
    return np.array([row[1 : n_columns + 1] for row in rows if row[0] in WORDS], dtype=float)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json"])
def test_the_numbers_are_those_of_the_file(attnviz_, suffix):
    weights = weights_of(3, N, N)
    {
        ".npy": lambda: np.save("w.npy", weights),
        ".npz": lambda: np.savez("w.npz", attn=weights),
        ".json": lambda: Path("w.json").write_text(json.dumps(weights.tolist())),
    }[suffix]()
    Path("t.txt").write_text("\n".join(WORDS))
    for head, meant in [*enumerate(weights), ("mean", weights.mean(axis=0))]:
        out, err = attnviz_(
            "view", f"w{suffix}", "--tokens", "t.txt", "--show", "table", "--head", head
        )
        assert np.abs(numbers_in(out, N) - 100 * meant).max() <= 0.5 + 1e-9
        assert err == ""


def test_tokens_and_key_tokens(attnviz_):
    np.save("w.npy", weights_of(1, 2, 3))
    Path("q.json").write_text('["Lmouch", "gles"]')
    Path("k.txt").write_text("The\ncat\nsat\n")
    out, _ = attnviz_("view", "w.npy", "--tokens", "q.json", "--key-tokens", "k.txt")
    assert all(word in out for word in ("cross", "Lmouch", "gles", "The", "cat", "sat"))
    out, _ = attnviz_("view", "w.npy", "--json")
    stack = json.loads(out)["stacks"]["cross"]
    assert (stack["query_tokens"]["labels"], stack["key_tokens"]["labels"]) == (
        ["0", "1"],
        ["0", "1", "2"],
    )


def test_tokens_from_standard_input(attnviz_, monkeypatch):
    np.save("w.npy", np.eye(2))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"zerbiya\nmouch\n")))
    assert "zerbiya" in attnviz_("view", "w.npy", "--tokens", "-")[0]


def test_a_declared_type_masks(attnviz_):
    np.save("w.npy", np.tri(4) / np.arange(1, 5)[:, None])
    assert "10 of 16 scores" not in attnviz_("view", "w.npy")[0]
    out, _ = attnviz_("view", "w.npy", "--type", "causal")
    assert "causal attention" in out
    assert "·" in out.split("\n\n")[1]
    assert "10" in out.splitlines()[-2]


def test_layers_heads_and_stacks(attnviz_):
    parts = {
        "encoder_attentions": weights_of(2, 3, 5, 5),
        "decoder_attentions": np.broadcast_to(np.eye(4), (2, 3, 4, 4)),
        "cross_attentions": weights_of(2, 3, 4, 5),
    }
    np.savez("w.npz", **parts)
    assert "cross-attention" in attnviz_("view", "w.npz")[0]
    out, _ = attnviz_("view", "w.npz", "--stack", "decoder", "--layer", "1", "--head", "2")
    assert "causal attention" in out
    assert "layer 1 · head 2" in out


SIZES = [(1, 1, 1), (1, 4, 4), (12, 16, 16), (12, 512, 512), (3, 7, 300), (40, 64, 64)]


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("odd", [False, True], ids=["right", "with notes"])
def test_never_more_than_one_screen(attnviz_, shape, odd):
    weights = weights_of(*shape).astype(np.float32)
    if odd:
        weights[0, 0] = 0
        weights[-1, -1] *= 0.5
    np.save("w.npy", weights)
    out, err = attnviz_("view", "w.npy")
    lines = sum(-(-len(line) // 80) for line in err.splitlines()) + len(out.splitlines())
    assert lines <= 24
    assert bool(err) == odd


def test_notes_stand_on_standard_error(attnviz_):
    np.save("w.npy", [[0.25, 0.25], [0.0, 0.0]])
    out, err = attnviz_("view", "w.npy")
    assert "1 of 2 rows are all zero" in err
    assert "0.5 in layer 0, head 0, row 0" in err
    assert "rows sum to 0% … 50%" in out
    assert attnviz_("view", "w.npy", "-q")[1] == ""
    assert (
        json.loads(attnviz_("view", "w.npy", "--json")[0])["settings"]["notes"] == err.splitlines()
    )


def test_no_model_is_loaded_and_nothing_that_is_slow():
    np.save("w.npy", np.eye(4))
    code = (
        "import sys; from attnviz.cli import run_command_line as run; status = run(sys.argv[1:]);"
        f"sys.exit(status or any(n in sys.modules for n in {GUESTS}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "view", "w.npy"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


# What a user can get wrong


def npz_bomb():
    """Claims 3 GiB and is no larger than a letter."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", b"\x93NUMPY" + b"\0" * 1234)
    return file.getvalue().replace(struct.pack("<I", 1240), struct.pack("<I", 3 << 30))


def saved(array, save=np.save):
    file = io.BytesIO()
    save(file, array)
    return file.getvalue()


GOOD, LEAKY = np.eye(3), np.array([[1, 0, 0], [0, 0.75, 0.25], [0, 0, 1.0]])
NOT_FINITE = np.eye(3)
NOT_FINITE[1, 2] = np.nan
CONTENTS = {
    "good.npy": saved(GOOD),
    "words.txt": b"a\nb\nc\n",
    "few.txt": b"a\nb\n",
    "many.json": b'["a", "b", "c", "d"]',
    "latin1.txt": b"caf\xe9",
    "blank.txt": b" \n",
    "object.json": b'{"a": 1}',
    "one axis.npy": saved(np.ones(3) / 3),
    "five axes.npy": saved(np.ones((2, 2, 1, 2, 2)) / 2),
    "flat.json": b"[1, 0, 0]",
    "ragged.json": b"[[1, 0], [1]]",
    "text.json": b"The cat sat",
    "text.npy": b"The cat sat",
    "text.npz": b"The cat sat",
    "letter.txt": b"Dear cat",
    "empty.npz": b"",
    "empty.json": b"",
    "binary.json": b"\x89PNG\r\n\x1a\n\x00\x00",
    "pickled.npy": saved(np.array([[{}, []]], dtype=object)),
    "pickled.npz": saved(np.array([[{}, []]], dtype=object), lambda f, a: np.savez(f, attn=a)),
    "pickle.pt": b"\x80\x04.",
    "bomb.npz": npz_bomb(),
    "deep.json": b"[" * 100_000,
    "nan.npy": saved(NOT_FINITE),
    "infinite.json": b"[[Infinity, 0], [0, 1]]",
    "negative.npy": saved(GOOD - 0.5),
    "logits.npy": saved(GOOD * 5),
    "dropout.npy": saved(GOOD / 0.95),
    "leak.npy": saved(LEAKY),
    "several.npz": saved(GOOD, lambda f, a: np.savez(f, query=a, key=a)),
    "odd\x1b[31m\u202e.json": b"?",
    "r.json": attnviz.trace("a b c").to_json().encode(),
    "s.csv": attnviz.trace("a b c", max_memory=0).to_csv().encode(),
}

# A name, the arguments, and what the message must name.
BAD = [
    ("no file", [], "file"),
    ("two files", ["good.npy", "good.npy"], "good.npy"),
    ("missing", ["missing.npy"], "missing.npy"),
    ("a folder", ["folder.npy"], "folder.npy"),
    ("an empty name", [""], "folder"),
    ("a dead link", ["dead.npy"], "dead.npy"),
    ("a link to itself", ["loop.npy"], "loop.npy"),
    ("a name too long", ["n" * 300 + ".npy"], "nnn"),
    ("unreadable", ["secret.npy"], "secret.npy"),
    ("a letter", ["letter.txt"], "letter.txt"),
    ("a pickle", ["pickle.pt"], "pickle"),
    ("one axis", ["one axis.npy"], "shape (3,)"),
    ("a batch", ["five axes.npy"], "batch of 2"),
    ("a flat list", ["flat.json"], "shape (3,)"),
    ("ragged", ["ragged.json"], "item 1 has 1 items"),
    ("text as JSON", ["text.json"], "text.json"),
    ("text as NumPy", ["text.npy"], "text.npy"),
    ("text as zip", ["text.npz"], "text.npz"),
    ("an empty zip", ["empty.npz"], "empty.npz is empty"),
    ("an empty JSON", ["empty.json"], "empty.json is empty"),
    ("binary", ["binary.json"], "binary.json"),
    ("pickled objects", ["pickled.npy"], "a pickle runs code"),
    ("pickled objects in a zip", ["pickled.npz"], "a pickle runs code"),
    ("a bomb", ["bomb.npz"], "3 GiB"),
    ("nested too deep", ["deep.json"], "nested too deep"),
    ("not a number", ["nan.npy"], "layer 0, head 0, row 1, column 2"),
    ("infinite", ["infinite.json"], "layer 0, head 0, row 0, column 0"),
    ("negative", ["negative.npy"], "layer 0, head 0, row 0, column 1"),
    ("logits", ["logits.npy"], "layer 0, head 0, row 0, column 0"),
    ("dropout", ["dropout.npy"], "layer 0, head 0, row 0, column 0"),
    ("a leak", ["leak.npy", "--type", "causal"], "layer 0, head 0, row 1, column 2"),
    ("an unknown type", ["good.npy", "--type", "lokal"], "lokal"),
    (
        "cross without keys",
        ["good.npy", "--tokens", "words.txt", "--type", "cross"],
        "--key-tokens",
    ),
    ("several arrays", ["several.npz"], "query, key"),
    ("controls in a name", ["odd\x1b[31m\u202e.json"], "\u241b[31m⟨U+202E⟩"),
    ("too few tokens", ["good.npy", "--tokens", "few.txt"], "2 query tokens"),
    ("too many tokens", ["good.npy", "--tokens", "many.json"], "4 query tokens"),
    (
        "too many keys",
        ["good.npy", "--tokens", "words.txt", "--key-tokens", "many.json"],
        "4 key tokens",
    ),
    ("tokens missing", ["good.npy", "--tokens", "missing.txt"], "missing.txt"),
    ("tokens in a folder", ["good.npy", "--tokens", "folder.npy"], "folder.npy"),
    ("tokens not UTF-8", ["good.npy", "--tokens", "latin1.txt"], "0xE9"),
    ("tokens blank", ["good.npy", "--tokens", "blank.txt"], "blank.txt"),
    ("tokens no list", ["good.npy", "--tokens", "object.json"], "object.json"),
    ("tokens of a record", ["r.json", "--tokens", "words.txt"], "its own tokens"),
    ("type of a record", ["r.json", "--type", "causal"], "its own type"),
    ("strongest keys only", ["s.csv"], "strongest keys"),
    ("head past the last", ["good.npy", "--head", "1"], "1"),
    ("layer past the last", ["good.npy", "--layer", "7"], "7"),
    ("head in words", ["good.npy", "--head", "second"], "second"),
    ("no such stack", ["good.npy", "--stack", "encoder"], "encoder"),
    ("unknown show", ["good.npy", "--show", "tabel"], "tabel"),
    ("unknown scale", ["good.npy", "--scale", "lag"], "lag"),
    ("unknown language", ["good.npy", "--lang", "fr"], "fr"),
    ("unknown option", ["good.npy", "--query-tokens", "a"], "--query-tokens"),
    ("unknown suffix to write", ["good.npy", "-o", "map.bmp"], ".bmp"),
    ("no folder to write to", ["good.npy", "-o", "gone/map.png"], "gone"),
    ("written over itself", ["r.json", "-o", "r.json"], "r.json"),
    ("written over the tokens", ["good.npy", "--tokens", "many.json", "-o", "many.json"], "many"),
]


@pytest.fixture
def folder(tmp_path):
    """One file of each bad kind."""
    for name, data in CONTENTS.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "dead.npy").symlink_to("gone")
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    (tmp_path / "secret.npy").write_bytes(CONTENTS["good.npy"])
    (tmp_path / "secret.npy").chmod(0)
    return tmp_path


@contextmanager
def as_nobody(folder):
    """Nothing is secret to the administrator: read as somebody else."""
    if os.geteuid():
        yield
        return
    folder.chmod(0o777)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("words", "named"), [row[1:] for row in BAD], ids=[row[0].replace(" ", "-") for row in BAD]
)
def test_what_is_wrong_is_said_in_one_line(folder, capsys, words, named):
    before = sorted(folder.rglob("*"))
    written = [] if "-o" in words else ["-o", "new.json"]
    with as_nobody(folder) if words[:1] == ["secret.npy"] else nullcontext():
        status = run_command_line(["view", *words, *written])
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert len(captured.err.splitlines()) == 1, captured.err
    assert captured.err.startswith("attnviz: ")
    assert named in captured.err
    assert "\x1b" not in captured.err
    assert sorted(folder.rglob("*")) == before


def test_a_real_process_leaves_with_status_2_and_no_traceback(folder):
    done = subprocess.run(
        [sys.executable, "-m", "attnviz", "view", "bomb.npz"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, timeout=60, check=False,
        cwd=folder,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, b"")
    assert len(done.stderr.splitlines()) == 1


def test_an_archive_of_a_later_version_of_zip_is_one_line(tmp_path, monkeypatch, capsys):
    """Python's own reader ends in NotImplementedError there."""
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", weights=np.eye(2))
    data = bytearray(Path("x.npz").read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 255
    Path("x.npz").write_bytes(data)
    assert run_command_line(["view", "x.npz"]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "zip file version" in err


def test_a_record_is_seen_in_the_ways_of_run(tmp_path, monkeypatch, capsys):
    """Rows, columns, units, one query and a pair of words of a saved record, as of the run."""
    monkeypatch.chdir(tmp_path)
    text = "the cat saw a dog. it ran"
    assert run_command_line(["run", text, "-o", "r.npz", "--show", "none", "-q"]) == 0
    for options in (
        ["--query", "saw"], ["--query", "saw", "--key", "cat"], ["--rows", "1:3", "--cols", "cat"],
        ["--merge", "sentences"], ["--hide-special"],
    ):  # fmt: skip
        shown = []
        for words in (["run", text], ["view", "r.npz"]):
            assert run_command_line([*words, *options]) == 0
            shown.append(capsys.readouterr().out)
        assert shown[0] == shown[1], options
    assert run_command_line(["view", "r.npz", "--measure", "values"]) == 2
    assert "--measure values needs a model" in capsys.readouterr().err
    assert run_command_line(["view", "r.npz", "--key", "cat"]) == 2

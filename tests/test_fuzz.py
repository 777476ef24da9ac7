"""Bad input of every kind, drawn at random: hypothesis prints what failed, made as small as it can.

The law: exit status 0 or 2; a refusal is one line and nothing on standard output; no control or
direction character reaches either stream; no file is left behind and none is changed.
"""

import atexit
import contextlib
import io
import json
import os
import random
import tempfile
import unicodedata
import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

import attnviz
from attnviz.cli import run_command_line
from tests.reference import checkpoints, pictures, whisper

RECORD = attnviz.trace("a b c b", type="local", heads=2)
FILES = {
    "record.json": RECORD.to_json().encode(),
    "record.npz": RECORD.to_npz(),
    "record.csv": RECORD.to_csv().encode(),
    "weights.json": json.dumps(
        {"attentions": [[0.5, 0.5], [0.2, 0.8]], "tokens": ["a", "b"]}
    ).encode(),
}
ODD = [
    "\x1b[31mx",
    "\u202eabc",
    "\x9b2J",
    "[bold]x",
    "$\\frac$",
    "=1+1",
    "a\0b",
    "",
    "-1",
    "9" * 400,
    "nan",
    "cat#2",
    "all",
    "mean",
    "0-3",
    "القط",
    "👩\u200d💻",
    "<script>",
    "../x",
    "1e9",
]
OPTIONS = [
    "--type",
    "--heads",
    "--window",
    "--layer",
    "--head",
    "--query",
    "--key",
    "--rows",
    "--cols",
    "--show",
    "--scale",
    "--merge",
    "--measure",
    "--max-memory",
    "--seed",
    "--model",
    "--lang",
    "--global-tokens",
    "--tokenizer",
    "--source",
    "--ids",
    "--sort",
    "--top",
]
COMMANDS = [
    "run",
    "steps",
    "heads",
    "compare",
    "cost",
    "explain",
    "view",
    "models",
    "predict",
    "effect",
    "lens",
    "survey",
    "check",
    "explore",
    "samples",
    "transcribe",
]
# The words of a command line cannot hold NUL: the system ends them there.
TYPED = [word for word in ODD if "\0" not in word]
WORDS = st.sampled_from(
    [*TYPED, "self", "local", "cross", "table", "grid", "words", "2", "induction"]
)


def call(words):
    """Run one command in an empty folder; what it left there counts as well."""
    out, err = io.StringIO(), io.StringIO()
    out.reconfigure = err.reconfigure = lambda **_: None  # as the streams of a process have it
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run_command_line(words)
    return status, out.getvalue(), err.getvalue()


def check(words, before):
    status, out, err = call(words)
    assert status in (0, 2), (status, err)
    if status == 2:
        assert out == ""
        assert len(err.splitlines()) == 1, err
        assert err.startswith("attnviz: ")
        assert len(err) < 4000
    for char in out + err:
        assert char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"), ascii(char)
        assert char not in "\u202a\u202b\u202d\u202e"
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


@contextlib.contextmanager
def folder(**files):
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        try:
            for name, content in files.items():
                Path(name).write_bytes(content)
            yield dict(files)
        finally:
            os.chdir(here)


@st.composite
def damaged(draw):
    """A good file with some bytes changed, cut, doubled or put in."""
    name = draw(st.sampled_from(sorted(FILES)))
    data = bytearray(FILES[name])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["flip", "cut", "double", "insert"]))
        if kind == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        elif kind == "double":
            data[at:at] = data[at : at + 30]
        else:
            data[at:at] = draw(st.sampled_from([b'"', b"\x1b", b"1e999", b"null", b"[", b"\xff"]))
    return name, bytes(data)


@st.composite
def changed(draw):
    """A record in which one value, anywhere, became another."""
    tree = json.loads(FILES["record.json"])
    node = tree
    while True:
        keys = sorted(node) if isinstance(node, dict) else range(len(node))
        key = draw(st.sampled_from(list(keys)))
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            odd = st.sampled_from([None, -1, 1e300, True, [], {}, 10**30, "x", *ODD])
            node[key] = draw(odd)
            return json.dumps(tree).encode()
        node = inner


def few(n):
    return settings(
        max_examples=n, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )


def law_of_files(file):
    name, data = file
    with folder(**{name: data}) as before, np.errstate(all="raise"):
        check(["view", name], before)


def law_of_records(data):
    with folder(**{"record.json": data}) as before:
        check(["view", "record.json", "--explain"], before)


@cache
def written():
    """Small models that write, each with what its commands read, in a folder of this process."""
    place = tempfile.TemporaryDirectory()
    atexit.register(place.cleanup)
    models = {name: Path(place.name) / name for name in ("gpt2", "bart", "blip", "whisper")}
    for name in ("gpt2", "bart"):
        checkpoints.write(f"{name}, with a head", models[name])
        words = ["<s>", "<pad>", "</s>", "<unk>", *(f"w{n}" for n in range(57))]
        cut = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
        cut.pre_tokenizer = Whitespace()
        cut.add_special_tokens(words[:4])
        cut.save(str(models[name] / "tokenizer.json"))
    pictures.write("blip", models["blip"])
    pictures.with_words(models["blip"])
    models["whisper"].mkdir()
    whisper.write(models["whisper"])
    with wave.open(str(models["whisper"] / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((whisper.samples() * 2**15).round().astype("<i2").tobytes())
    return {name: str(path) for name, path in models.items()}


# What each command that writes is given: its words, and the model among those above.
WRITERS = {
    "generate": (["w1 w2 w3"], "gpt2"),
    "translate": (["w1 w2"], "bart"),
    "summarize": (["w1 w2 w3 w4"], "bart"),
    "answer": (["w1 w2", "--passage", "w3 w4 w5"], "bart"),
    "caption": (["blip/picture.png"], "blip"),
    "transcribe": (["whisper/a.wav"], "whisper"),
}
WRITERS_OPTIONS = [
    *("--max-new-tokens", "--top-k", "--top-p", "--min-p", "--temperature", "--num-beams"),
    *("--repetition-penalty", "--no-repeat-ngram-size", "--length-penalty", "--seed", "--lang"),
    *("--head", "--layer", "--text", "--source", "--ids", "--to", "--from", "--show", "--json"),
    *("--language", "--task", "--start", "--end", "--timestamps", "--chat", "--system", "--csv"),
    *("--passage", "--stack", "--scale", "--model", "--mass", "--explain", "--no-explain"),
]
FLAGS = ("--json", "--csv", "--timestamps", "--chat", "--explain", "--no-explain")


COMMAND_LINES = st.tuples(
    st.sampled_from(COMMANDS),
    st.lists(WORDS, max_size=2),
    st.lists(st.tuples(st.sampled_from(OPTIONS), WORDS), max_size=3),
)


def law_of_commands(line):
    command, words, options = line
    with folder() as before:
        check([command, *words, *(part for option in options for part in option)], before)


WRITTEN = st.tuples(
    st.sampled_from(sorted(WRITERS)),
    st.one_of(st.none(), WORDS),  # in place of what it reads
    st.lists(st.tuples(st.sampled_from(WRITERS_OPTIONS), WORDS), max_size=3),
)


def law_of_writers(line):
    """A model writes at most three tokens, or the line is refused."""
    command, typed, options = line
    (reads, *more), model = WRITERS[command]
    if "/" in reads:
        reads = str(Path(written()[model]).parent / reads)
    given = [command, reads if typed is None else typed, *more, "--model", written()[model]]
    given += [] if command == "transcribe" else ["--max-new-tokens", "3"]
    flags = [[name] if name in FLAGS else [name, word] for name, word in options]
    with folder() as before:
        check([*given, *(part for flag in flags for part in flag)], before)


LAWS = {
    "files": (damaged(), law_of_files, 60, 1500),
    "records": (changed(), law_of_records, 60, 1500),
    "commands": (COMMAND_LINES, law_of_commands, 40, 1000),
    "writers": (WRITTEN, law_of_writers, 12, 1000),
}


@pytest.mark.parametrize("kind", LAWS)
def test_a_few_of_them(kind):
    strategy, law, n, _ = LAWS[kind]
    few(n)(given(strategy)(law))()


@pytest.mark.slow
@pytest.mark.parametrize("kind", LAWS)
def test_5000_of_them(kind):
    """The seed is printed with what fails; FUZZ_SEED takes it again."""
    strategy, law, _, n = LAWS[kind]
    number = int(os.environ.get("FUZZ_SEED", random.randrange(1 << 32)))
    print(f"FUZZ_SEED={number}")
    seed(number)(few(n)(given(strategy)(law)))()

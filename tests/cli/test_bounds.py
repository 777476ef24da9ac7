"""What somebody else's file takes stays within `--max-memory` and 400 MiB.

Twice measured: the most resident memory, and whether a limit on address space (`ulimit -v`) of as
much more than an empty run reserves ends in an answer or in one line. A command without the option
may take what is usual, at most 1 GiB; what is small once it is read takes no more than with it.
"""

import os
import random
import re
import subprocess
import sys
import wave

import numpy as np
import pytest

from attnviz.cli import pieces, run_command_line
from attnviz.record import saved
from attnviz.record.record import AttentionRecord

ALLOWED, USUAL, BESIDE = 64, 1024, 400  # MiB of --max-memory, without it, and beside it


def peak(folder, words, limit=None):
    """Run a command; return its exit status, the most memory that it had and the most address
    space, in MiB, and what it said on standard error."""
    code = (
        "import resource, sys, atexit\n"
        f"limit = {limit or 0} << 20\n"
        "if limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "lines = lambda: open('/proc/self/status').read().splitlines()\n"
        "sizes = lambda: [l for l in lines() if l[:6] in ('VmPeak', 'VmHWM:')]\n"
        "atexit.register(lambda: print(sizes(), file=sys.stderr))\n"
        "from attnviz.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, check=False, env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    *said, sizes = done.stderr.splitlines()
    space, resident = (int(found) / 1024 for found in re.findall(r"(\d+) kB", sizes))
    return done.returncode, resident, space, said


def one_word(folder):
    (folder / "in.txt").write_text("a" + "\u0301" * 300_000)
    return ["run", "--file", "in.txt"]


def weights(folder):
    weights = np.full((1, 1, 4000, 4000), 1 / 4000, np.float32)
    np.save(folder / "in.npy", weights)
    return ["view", "in.npy", "--show", "none"]


def table(folder):
    n = 1200
    rows = np.full((n, n), 1 / n).tolist()
    (folder / "in.json").write_text(str(rows))
    return ["view", "in.json", "--show", "none"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--json"], "48 numbers"),  # 36 weights, and where three words begin and end, twice
        (["-o", "x.json"], "48 numbers"),
        (["-o", "x.csv"], "36 lines"),
        (["--csv"], "36 lines"),
    ],
)
def test_numbers_for_other_programs_have_a_bound(words, said, tmp_path, monkeypatch, capsys):
    """Nothing is written then, neither what is too large nor what was asked for beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pieces, "MOST_PRINTED", 35)
    monkeypatch.setattr("attnviz.record.table.MOST_LINES", 35)
    monkeypatch.setattr(AttentionRecord.json_pieces, "__defaults__", (35,))
    status = run_command_line(["run", "a b c", "-o", "y.npz", *words])
    out, err = capsys.readouterr()
    assert (status, out, list(tmp_path.iterdir())) == (2, "", [])
    assert said in err
    assert "35 are the most" in err
    assert "Write .npz" in err


def test_the_largest_json_is_one_that_is_read_back():
    from attnviz.files.arrays import LARGEST_JSON

    assert saved.MOST_NUMBERS * len("0.123456789, ") < LARGEST_JSON


def test_many_heads_have_a_bound_and_the_ten_have_none(capsys):
    words = ["run", "a" * 5000, "--tokenizer", "characters", "--show", "none", "--heads"]
    assert run_command_line([*words, "64"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "64 heads over 5\u202f000 tokens take too long. Give --heads 52 or less" in err


def text(folder, n=400_000):
    sentence = "The cat sat on the mat. It was tired, and it slept well! "
    (folder / "in.txt").write_text((sentence * (n // len(sentence) + 1))[:n])


def of_text(*words):
    def made(folder):
        text(folder)
        return [*words]

    made.__name__ = " ".join(words[:1] + words[-1:])
    return made


def huge_text(folder):
    text(folder, 64 << 20)
    return ["run", "--file", "in.txt", "--type", "local"]


def characters(folder):
    (folder / "in.txt").write_text("\u65e5\u672c" * 250_000)
    return ["run", "--file", "in.txt", "--type", "local"]


def lists(folder):
    (folder / "in.json").write_text("[" + "[]," * 20_000_000 + "[]]")
    return ["view", "in.json"]


def positions(folder):
    (folder / "in.json").write_text("[[" + "0," * 15_000_000 + "1]]")
    return ["view", "in.json"]


def packed(folder):
    weights = np.zeros((2, 8, 4096, 4096), np.int8)
    weights[..., 0] = 1
    np.savez_compressed(folder / "in.npz", weights=weights)
    return ["view", "in.npz", "--show", "none"]


def sound(folder):
    with wave.open(str(folder / "in.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(60 << 20))
    return ["run", "--audio", "in.wav", "--show", "none"]


def picture(folder):
    from PIL import Image

    Image.new("RGB", (7000, 7000)).save(folder / "in.png")
    return ["run", "--image", "in.png", "--show", "none"]


ADDED = (
    '{"id":%d,"content":"%s","single_word":false,"lstrip":false,"rstrip":false,'
    '"normalized":false,"special":true}'
)


def tokenizer(name, model="", rules="", added=""):
    """A tokenizer.json of about 50 MB, of this or that."""

    def made(folder):
        model_ = model() if model else '"type":"WordLevel","vocab":{"a":0},"unk_token":"a"'
        (folder / "in.json").write_text(
            f'{{"version":"1.0","truncation":null,"padding":null,'
            f'"added_tokens":[{added() if added else ""}],'
            f'"normalizer":null,"pre_tokenizer":{rules() if rules else "null"},'
            f'"post_processor":null,"decoder":null,"model":{{{model_}}}}}'
        )
        return ["run", "a cat", "--tokenizer", "in.json", "--show", "none"]

    made.__name__ = f"tokenizer of {name}"
    return made


def entries(n, form):
    return ",".join(form % (f"{i:x}", i) for i in range(n))


def words(n, length):
    dice = random.Random(1)
    return ("".join(dice.choices("abcdefgh", k=length)) for _ in range(n))


def byte_pairs(n, n_merges):
    """Names of numbers, or three names, and the same merge many times."""
    vocab = entries(n, '"%s":%d') or '"a":0,"b":1,"ab":2'
    merges = ",".join(['["a","b"]'] * n_merges)
    return f'"type":"BPE","vocab":{{{vocab}}},"merges":[{merges}]'


def unigram(pieces):
    return f'"type":"Unigram","unk_id":0,"vocab":[{pieces}]'


def of_long(n):
    return unigram(",".join(f'["{word}",-1]' for word in words(n, 1000)))


def added(contents):
    return ",".join(ADDED % (number, content) for number, content in enumerate(contents, 1))


def pattern(n):
    rule = '{"type":"Split","pattern":{"Regex":"%s"},"behavior":"Isolated","invert":false}'
    return rule % (r"[\\w]" * n)


def rules(n):
    each = ",".join(['{"type":"Whitespace"}'] * n)
    return f'{{"type":"Sequence","pretokenizers":[{each}]}}'


# Of each kind one of about 50 MB, and one that is read.
TOKENIZERS = [
    tokenizer("entries", lambda: byte_pairs(3_000_000, 0)),
    tokenizer("some entries", lambda: byte_pairs(600_000, 0)),
    tokenizer("merges", lambda: byte_pairs(0, 4_000_000)),
    tokenizer("some merges", lambda: byte_pairs(0, 500_000)),
    tokenizer("pieces", lambda: unigram(entries(3_000_000, '["%s",-%d]'))),
    tokenizer("long pieces", lambda: of_long(50_000)),
    tokenizer("some long pieces", lambda: of_long(800)),
    tokenizer("added", added=lambda: added(f"{n:x}z" for n in range(400_000))),
    tokenizer("long added", added=lambda: added(words(45_000, 1000))),
    tokenizer("some long added", added=lambda: added(words(3000, 1000))),
    tokenizer("rules", rules=lambda: rules(2_000_000)),
    tokenizer("some rules", rules=lambda: rules(4_000)),
    tokenizer("a long pattern", rules=lambda: pattern(7_000_000)),
    tokenizer("a pattern", rules=lambda: pattern(15_000)),
]

WITH_OPTION = ("run", "generate")
SMALL = (weights, table, lists, positions)
MADE = [
    one_word, weights, table, huge_text, characters, lists, positions, packed, sound, picture,
    of_text("run", "--file", "in.txt", "--type", "local"),
    of_text("run", "--file", "in.txt", "--tokenizer", "bytes"),
    of_text("heads", "--file", "in.txt", "--type", "local"),
    of_text("steps", "--file", "in.txt", "--query", "5"),
    of_text("compare", "in.txt", "The cat", "--type", "local"), of_text("survey", "in.txt"),
    of_text("predict", "--file", "in.txt", "--model", "induction"),
    of_text("effect", "--file", "in.txt", "--model", "induction"),
    of_text("cost", "--no-measure", "--lengths", "16777216"), *TOKENIZERS,
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("made", MADE, ids=lambda f: f.__name__)
def test_memory_is_bounded(made, tmp_path):
    words = made(tmp_path)
    option = words[0] in WITH_OPTION
    words += ["--max-memory", f"{ALLOWED}MiB"] if option else []
    _, _, empty, _ = peak(tmp_path, ["run", "a"])
    most = (ALLOWED if option or made in SMALL else USUAL) + BESIDE
    status, resident, _, said = peak(tmp_path, words)
    assert status in (0, 2), said
    assert resident <= most
    status, _, _, said = peak(tmp_path, words, int(empty + most))
    assert status in (0, 2), said
    assert status == 0 or said[-1].startswith("attnviz: ")

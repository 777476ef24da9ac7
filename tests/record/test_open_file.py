"""Other people's files: what they hold is shown as it is, or an error names the file and why."""

from __future__ import annotations

import csv
import io
import json
import os
import struct
import zipfile
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from attnviz import AttnvizError, from_weights, read, trace
from attnviz.record.open_file import open_file, tokens_of

L, H, N, K = 2, 3, 4, 5
WORDS, OTHERS = ["the", "cat", "sat", "."], ["l", "mouch", "gles", "hna", "."]
TEXT = "The cat sat on the mat because it was tired"


def some_weights(*shape):
    weights = np.random.default_rng(1).random(shape)
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


SELF, CROSS = some_weights(L, H, N, N), some_weights(L, H, N, K)
ENCODER, DECODER = some_weights(L, H, K, K), some_weights(L, H, N, N)
PARTS = {"encoder_attentions": ENCODER, "decoder_attentions": DECODER, "cross_attentions": CROSS}


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def as_json(tree):
    return json.dumps(tree, default=np.ndarray.tolist).encode()


def safetensors(**arrays):
    """By its definition: the length of a header, the header, the data."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        kind, raw = ("BF16", bfloat16(array)) if name.endswith("bf16") else ("F32", array.tobytes())
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def bfloat16(array):
    """The upper halves of float32 numbers."""
    return (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()


def view(name, weights, left, right):
    return {"name": name, "attn": weights, "left_text": left, "right_text": right}


LAYERS = {f"layer_{n}": SELF[n] for n in range(L)}
MANY = some_weights(12, 1, N, N)

# file name: (bytes, weights meant, query labels meant, key labels meant or None: the same)
POSITIONS = ["0", "1", "2", "3"]
SHOWN = {
    "one.npy": (npy(SELF[0, 0]), SELF[:1, :1], POSITIONS, None),
    "heads.npy": (npy(SELF[0]), SELF[:1], POSITIONS, None),
    "layers.npy": (npy(SELF), SELF, POSITIONS, None),
    "batch.npy": (npy(SELF[:, None]), SELF, POSITIONS, None),
    "half.npy": (npy(np.eye(4, dtype="f2")), np.eye(4)[None, None], POSITIONS, None),
    "fortran.npy": (npy(np.asfortranarray(SELF)), SELF, POSITIONS, None),
    "UPPER.NPY": (npy(SELF), SELF, POSITIONS, None),
    "two texts.npy": (npy(CROSS), CROSS, POSITIONS, ["0", "1", "2", "3", "4"]),
    "one.npz": (npz(anything=SELF), SELF, POSITIONS, None),
    "named.npz": (npz(logits=np.ones(7), attentions=SELF), SELF, POSITIONS, None),
    "tokens.npz": (npz(attn=SELF, tokens=np.array(WORDS)), SELF, WORDS, None),
    "ids.npz": (npz(attn=SELF, tokens=np.array([9, 8, 7, 9])), SELF, ["9", "8", "7", "9"], None),
    "keys.npz": (
        npz(weights=CROSS, tokens=np.array(WORDS), key_tokens=np.array(OTHERS)),
        CROSS,
        WORDS,
        OTHERS,
    ),
    "layers.npz": (npz(**LAYERS), SELF, POSITIONS, None),
    "layers in any order.npz": (npz(**dict(reversed(LAYERS.items()))), SELF, POSITIONS, None),
    "layers from 1.npz": (npz(l1=SELF[0], l2=SELF[1]), SELF, POSITIONS, None),
    "many layers.npz": (
        npz(**{f"attentions.{n}": MANY[n] for n in range(12)}, hidden_0=np.ones(3)),
        MANY,
        POSITIONS,
        None,
    ),
    "unnamed.npz": (npz(arr_0=SELF[0], arr_1=SELF[1]), SELF, POSITIONS, None),
    "one.safetensors": (safetensors(attn=SELF), SELF, POSITIONS, None),
    "layers.safetensors": (
        safetensors(**{f"attentions.{n}": SELF[n][None] for n in range(L)}),
        SELF,
        POSITIONS,
        None,
    ),
    "half.safetensors": (
        safetensors(bf16=np.full((1, N, N), 0.25, np.float32)),
        np.full((1, 1, N, N), 0.25),
        POSITIONS,
        None,
    ),
    "lists.json": (as_json(SELF), SELF, POSITIONS, None),
    "matrix.json": (as_json(SELF[0, 0]), SELF[:1, :1], POSITIONS, None),
    "per layer.json": (as_json(SELF[:, None]), SELF, POSITIONS, None),
    "bom.json": (b"\xef\xbb\xbf" + as_json(SELF), SELF, POSITIONS, None),
    "attention.json": (as_json({"tokens": WORDS, "attention": SELF[0]}), SELF[:1], WORDS, None),
    "attentions.json": (as_json({"tokens": WORDS, "attentions": SELF}), SELF, WORDS, None),
    "weights.json": (
        as_json({"tokens": WORDS, "key_tokens": OTHERS, "weights": CROSS}),
        CROSS,
        WORDS,
        OTHERS,
    ),
    "a batch of tokens.json": (as_json({"tokens": [WORDS], "attn": SELF}), SELF, WORDS, None),
    "a text.json": (as_json({"tokens": "the cat sat .", "attn": SELF}), SELF, WORDS, None),
    "bertviz.json": (as_json(view(None, SELF, WORDS, WORDS)), SELF, WORDS, None),
    "bertviz cross.json": (as_json(view("Cross", CROSS, WORDS, OTHERS)), CROSS, WORDS, OTHERS),
    "bertviz list.json": (as_json([view(None, SELF, WORDS, WORDS)]), SELF, WORDS, None),
    "bertviz page.json": (
        as_json({"attention": [view(None, SELF, WORDS, WORDS)], "default_filter": "0"}),
        SELF,
        WORDS,
        None,
    ),
    "bertviz neurons.json": (
        as_json({"attention": {"all": view("x", SELF, WORDS, WORDS)}}),
        SELF,
        WORDS,
        None,
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_others_hold_is_shown(tmp_path, name):
    data, weights, queries, keys = SHOWN[name]
    path = tmp_path / name
    path.write_bytes(data)
    record = open_file(path)
    stack = record.stack
    np.testing.assert_array_equal(stack.weights, weights)
    assert list(stack.query_tokens.labels) == queries
    assert list(stack.key_tokens.labels) == (queries if keys is None else keys)
    assert stack.two_texts == (keys is not None)
    assert (record.model.name, record.model.origin, record.notes) == (name, "given", ())


ENCODER_DECODERS = {
    "parts.npz": npz(**PARTS, tokens=np.array(WORDS), key_tokens=np.array(OTHERS)),
    "parts.json": as_json(PARTS | {"decoder_tokens": WORDS, "encoder_tokens": OTHERS}),
    "short names.json": as_json(
        {name.replace("attentions", "attn"): value for name, value in PARTS.items()}
        | {"tokens": WORDS, "source_tokens": OTHERS}
    ),
    "bertviz.json": as_json(
        {
            "attention": [
                view("Encoder", ENCODER, OTHERS, OTHERS),
                view("Decoder", DECODER, WORDS, WORDS),
                view("Cross", CROSS, WORDS, OTHERS),
            ]
        }
    ),
}


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_an_encoder_decoder_in_a_file(tmp_path, name):
    (tmp_path / name).write_bytes(ENCODER_DECODERS[name])
    record = open_file(tmp_path / name)
    assert list(record.stacks) == ["encoder", "decoder", "cross"]
    sides = {"encoder": (OTHERS, OTHERS), "decoder": (WORDS, WORDS), "cross": (WORDS, OTHERS)}
    for part, (queries, keys) in sides.items():
        stack = record.stacks[part]
        np.testing.assert_array_equal(stack.weights, PARTS[f"{part}_attentions"])
        assert [*stack.query_tokens.labels, *stack.key_tokens.labels] == [*queries, *keys]


def test_parts_in_safetensors_and_by_layer(tmp_path):
    arrays = {f"{name}.{n}": part[n] for name, part in PARTS.items() for n in range(L)}
    (tmp_path / "parts.safetensors").write_bytes(safetensors(**arrays))
    record = open_file(tmp_path / "parts.safetensors", WORDS, OTHERS)
    for name, stack in record.stacks.items():
        np.testing.assert_array_equal(stack.weights, PARTS[f"{name}_attentions"])


def test_cross_attention_between_equal_texts_is_of_two_texts(tmp_path):
    (tmp_path / "v.json").write_bytes(as_json(view("Cross", SELF, WORDS, WORDS)))
    assert open_file(tmp_path / "v.json").stack.two_texts


def test_the_view_of_all_is_chosen_and_the_others_are_told_of(tmp_path):
    views = [view("Sentence A -> Sentence A", SELF[:, :, :2, :2], WORDS[:2], WORDS[:2])]
    (tmp_path / "v.json").write_bytes(as_json([*views, view("All", SELF, WORDS, WORDS)]))
    record = open_file(tmp_path / "v.json")
    np.testing.assert_array_equal(record.stack.weights, SELF)
    assert "2 views" in record.notes[0]


def test_names_of_heads(tmp_path):
    tree = {"tokens": WORDS, "attention": SELF[0], "attention_head_names": ["a\x1b", "b", "c"]}
    (tmp_path / "v.json").write_bytes(as_json(tree))
    assert open_file(tmp_path / "v.json").stack.head_names == ("a␛", "b", "c")


def test_tokens_that_are_given_stand_before_those_of_the_file(tmp_path):
    (tmp_path / "v.json").write_bytes(as_json(view(None, SELF, WORDS, WORDS)))
    stack = open_file(tmp_path / "v.json", list("wxyz")).stack
    assert (stack.query_tokens.labels, stack.two_texts) == (tuple("wxyz"), False)
    (tmp_path / "a.npy").write_bytes(npy(CROSS))
    stack = open_file(tmp_path / "a.npy", WORDS, OTHERS).stack
    assert (list(stack.key_tokens.labels), stack.two_texts) == (OTHERS, True)


def test_a_declared_type(tmp_path):
    (tmp_path / "a.npy").write_bytes(npy(np.tri(N) / np.arange(1, N + 1)[:, None]))
    assert open_file(tmp_path / "a.npy", type="causal").stack.computed() == N * (N + 1) // 2


TOKEN_FILES = {
    "w.txt": ("the\ncat\nsat\n", ["the", "cat", "sat"]),
    "crlf.txt": ("the\r\ncat\r\n", ["the", "cat"]),
    "special.txt": ("[CLS]\ncat\n[SEP]", ["[CLS]", "cat", "[SEP]"]),
    "empty token.txt": ("the\n\ncat", ["the", "", "cat"]),
    "odd separators.txt": ("a\u2028b\n\x0c\nc", ["a\u2028b", "\x0c", "c"]),
    "w.json": ('["the", "cat", 3]', ["the", "cat", "3"]),
    "list.txt": ('["the", "cat"]', ["the", "cat"]),
}


@pytest.mark.parametrize("name", TOKEN_FILES)
def test_tokens_from_a_file(name):
    text, meant = TOKEN_FILES[name]
    assert tokens_of(text, name) == meant


NO_TOKENS = [
    ("t.txt", ""), ("t.txt", " \n"), ("t.json", '{"a": 1}'), ("t.json", "[1, 2"), ("t.json", "the"),
    ("t.json", '[["a"], ["b"]]'), ("t.json", "[null]"), ("t.json", "[" * 100_000),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), NO_TOKENS)
def test_what_are_no_tokens(name, text):
    with pytest.raises(AttnvizError, match=name):
        tokens_of(text, name)


# What attnviz wrote


RECORDS = {
    "self": lambda: trace(TEXT),
    "causal": lambda: trace(TEXT, type="causal", heads=2),
    "local": lambda: trace(TEXT, type="local", window=1),
    "global": lambda: trace(TEXT, type="global", global_tokens=["cat"], window=1),
    "cross": lambda: trace("the cat sat", source=TEXT),
    "random": lambda: trace(TEXT, model="random", seed=9),
    "Arabic": lambda: trace("القط جالس فوق الزربية", type="causal"),
    "controls": lambda: trace('a\x1b[31mb, "c"; \u202ed\u2028 =1+1', tokenizer="characters"),
    "given": lambda: from_weights(PARTS, WORDS, OTHERS),
    "given, with a word": lambda: from_weights([[0.5, 0], [0, 0]], ["\n", "\ud800"]),
    "one token": lambda: trace("x" * 100_000, heads=1),
    "a long text": lambda: trace("word and " * 300, heads=1, type="local", window=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".npz", ".json", ".csv"])
@pytest.mark.parametrize("name", RECORDS)
def test_a_record_comes_back_whole(tmp_path, name, suffix):
    record, path = RECORDS[name](), tmp_path / f"r{suffix}"
    written = {
        ".npz": record.to_npz,
        ".json": lambda: record.to_json().encode(),
        ".csv": lambda: record.to_csv().encode(),
    }[suffix]
    path.write_bytes(written())
    back = open_file(path)
    assert back == record == read(path)
    assert back.stack.weights.tobytes() == record.stack.weights.tobytes()
    assert written() == path.read_bytes()  # the same input, the same bytes
    again = {
        ".npz": back.to_npz(),
        ".json": back.to_json().encode(),
        ".csv": back.to_csv().encode(),
    }
    assert again[suffix] == path.read_bytes()
    for given in ({"tokens": ["a"]}, {"key_tokens": ["a"]}, {"type": "causal"}):
        with pytest.raises(AttnvizError, match="its own"):
            open_file(path, **given)


def test_a_table_says_where_it_comes_from():
    record = trace(TEXT, model="random", seed=5, type="local", window=3)
    lines = record.to_csv().splitlines()
    above = [line for line in lines if line.startswith("#")]
    assert lines[: len(above)] == above
    above = [line.removesuffix("," * 7) for line in above]  # as many cells as the table below
    assert "# model: random" in above
    assert "# window: 3" in above
    pieces = [line.removeprefix("# record: ") for line in above if line.startswith("# record: ")]
    told = json.loads(unquote("".join(pieces)))
    assert not [line for line in above if "," in line or '"' in line]  # each is one cell
    assert (told["format"], told["version"], told["type"]) == ("attnviz-record", 1, "local")
    assert told["settings"] == {"tokenizer": "words", "window": 3, "seed": 5}
    assert told["model"]["origin"] == "random"
    assert told["attnviz"]


def test_what_a_table_tells_is_cut_into_cells_that_spreadsheets_take():
    lines = trace("word and " * 600, heads=1, type="local").to_csv().splitlines()
    above = [line for line in lines if line.startswith("#")]
    assert 20_000 < max(map(len, above)) < 32_767
    assert sum(line.startswith("# record: ") for line in above) > 1


def test_a_table_that_a_spreadsheet_saved_is_still_a_record(tmp_path):
    record = trace('a #, "b" 5%, c', type="causal", heads=2)
    lines = record.to_csv().splitlines()
    padded = [f'"{line}"{"," * 7}' if line.startswith("#") else line for line in lines]
    (tmp_path / "t.csv").write_bytes(("\ufeff" + "\r\n".join(padded) + "\r\n").encode())
    assert open_file(tmp_path / "t.csv") == record


def test_a_table_of_version_0_1_is_read(tmp_path):
    """There the record stood in a last column, in pieces."""
    record = trace("a b", heads=1)
    _, *lines = [line for line in record.to_csv().splitlines() if not line.startswith("#")]
    above = [line for line in record.to_csv().splitlines() if line.startswith("# record: ")]
    told = unquote(above[0].removeprefix("# record: ").rstrip(",")).replace('"', '""')
    cells = [told[:50], told[50:], "", ""] if told[49:51] != '""' else [told, "", "", ""]
    rows = [f'{line},"{cell}"' for line, cell in zip(lines, cells, strict=True)]
    header = "stack,layer,head,query,key,query_token,key_token,weight,record"
    (tmp_path / "old.csv").write_text("\n".join([header, *rows]) + "\n")
    assert open_file(tmp_path / "old.csv") == record


def test_programs_that_skip_comments_read_the_table():
    """Python's csv, which all of them agree with; a # in a token is between quotes."""
    record = trace("# a,b", heads=1)
    text = record.to_csv()
    assert "# record" in text
    below = [line for line in text.splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(below))
    assert {row["query_token"] for row in rows} == {"#", "a", ",", "b"}
    assert all('"#"' in line for line, row in zip(below[1:], rows, strict=True)
               if "#" in row["query_token"])  # fmt: skip


def test_a_table_of_streamed_weights_is_not_taken_for_all(tmp_path):
    (tmp_path / "s.csv").write_text(trace(TEXT, max_memory=0).to_csv())
    with pytest.raises(AttnvizError, match="strongest keys"):
        open_file(tmp_path / "s.csv")


def changed(line=None, to=None, cut=None):
    """A table of causal attention in which one line was changed, or some were cut."""
    lines = trace("a b c", type="causal", heads=1).to_csv().splitlines(keepends=True)
    above = sum(one.startswith("#") for one in lines)
    if line is not None:
        lines[above + line] = to(lines[above + line])
    cut = above + cut if cut is not None and cut >= 0 else cut
    return "".join(lines[:cut]).encode()


TABLES = {
    "a line too few": changed(cut=-1),
    "all lines but one": changed(cut=2),
    "no lines": changed(cut=1),
    "a line twice": changed(3, lambda line: line + line),
    "a line of what is masked": changed(2, lambda line: "self,0,0,0,2,a,c,0.0\n" + line),
    "a head that is not there": changed(2, lambda line: line.replace("self,0,0", "self,0,7")),
    "a layer below 0": changed(2, lambda line: line.replace("self,0,0", "self,-1,0")),
    "a stack that is not there": changed(2, lambda line: line.replace("self", "other")),
    "a weight in words": changed(3, lambda _: "self,0,0,1,1,b,b,much\n"),
    "a weight that is no number": changed(3, lambda _: "self,0,0,1,1,b,b,nan\n"),
    "a line of other columns": changed(3, lambda _: "self,0,0,1,1,b\n"),
    "another header": changed(0, lambda _: "a,b,c\n"),
    "a record cut short": changed(-1, lambda line: line.replace("attnviz-record", '"')),
    "a shape beyond all memory": changed(-1, lambda line: line.replace("[1%2C", "[9999999%2C")),
    "a shape of words": changed(-1, lambda line: line.replace("[1%2C", "[%22a%22%2C")),
    "no record above": changed(-1, lambda _: "# nothing\n"),
    "half a sign": changed(-1, lambda line: line.replace("%22", "%2")),
    "numbers": b"0.5,0.5\n1.0,0.0\n",
    "another encoding": "stack\xe9".encode("latin-1"),
    "a null": b"stack,\x00\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_was_changed(tmp_path, name):
    (tmp_path / "t.csv").write_bytes(TABLES[name])
    with pytest.raises(AttnvizError, match=r"t\.csv"):
        open_file(tmp_path / "t.csv")


# What cannot be shown


def pickled(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


class Payload:
    """An object that does something when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def bomb(claimed, data=b"\0" * 1000):
    """A small zip whose entries claim, or really have, some size when unpacked."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", npy(np.eye(2)) + data)
    raw = file.getvalue()
    size = struct.pack("<I", len(npy(np.eye(2)) + data))
    assert raw.count(size) == 2  # once before the entry, once in the directory
    return raw.replace(size, struct.pack("<I", claimed))


def header_claims(shape):
    good = npy(np.zeros((2, 2)))
    return good.replace(b"(2, 2), }" + b" " * 20, f"{shape}, }}".encode().ljust(29))


EVIL = np.array([[Payload()]], dtype=object)
# file name: (bytes, what is said)
REFUSED = {
    "empty.npy": (b"", "empty"),
    "empty.npz": (b"", "empty"),
    "empty.json": (b"", "empty"),
    "empty.csv": (b"", "empty"),
    "empty.safetensors": (b"", "empty"),
    "text.npy": (b"the cat sat", "does not begin as an array"),
    "text.npz": (b"the cat sat", "not a zip"),
    "text.json": (b"the cat sat", "line 1 column 1"),
    "text.safetensors": (b"the cat sat", "broken"),
    "binary.json": (bytes(range(128, 256)), "cannot be shown"),
    "cut.npy": (npy(SELF)[:-7], "claims"),
    "cut.npz": (npz(a=SELF)[:-40], "cannot be shown"),
    "cut.json": (as_json(SELF)[:-9], "cannot be shown"),
    "cut.safetensors": (safetensors(a=SELF)[:-9], "broken"),
    "weights.txt": (b"1 0\n0 1", ".txt"),
    "no suffix": (b"1 0", "no suffix"),
    "model.pt": (b"PK", "pickle"),
    "model.pkl": (b"\x80\x04", "pickle"),
    "objects.npy": (pickled(EVIL), "a pickle runs code"),
    "objects.npz": (npz(attentions=EVIL), "a pickle runs code"),
    "structures.npy": (npy(np.zeros(4, "f4,f4")), "dtype"),
    "words.npy": (npy(np.array([["a", "b"], ["c", "d"]])), "dtype"),
    "complex.npy": (npy(np.eye(2) * 1j), "complex"),
    "one axis.npy": (npy(np.ones(3)), r"shape \(3,\)"),
    "no axis.npy": (npy(np.array(0.5)), r"shape \(\)"),
    "six axes.npy": (npy(np.ones((1, 1, 1, 1, 2, 2))), r"shape \(1, 1, 1, 1, 2, 2\)"),
    "nothing.npy": (npy(np.ones((0, 2, 2))), r"shape \(0, 2, 2\)"),
    "claims.npy": (
        header_claims((10**6, 10**6)),
        "claims 8\u202f000\u202f000\u202f000\u202f000 bytes",
    ),
    "claims less.npy": (header_claims((-1, 2)), "claims -16 bytes"),
    "bomb.npz": (bomb(3 << 30), r"3 GiB: 2 GiB"),
    "tight bomb.npz": (bomb(3 << 29), r"1\.5 GiB: .* 1 GiB where"),
    "no arrays.npz": (npz(), "no arrays"),
    "several arrays.npz": (npz(query=SELF, key=SELF), "query, key"),
    "a model.safetensors": (
        safetensors(**{f"{n}.{i}.w": SELF for n in "abcdef" for i in range(2)}),
        r"a\.0\.w, b\.0\.w, c\.0\.w, d\.0\.w and 2 more",
    ),
    "a layer left out.npz": (npz(layer_0=SELF[0], layer_2=SELF[1]), "number 1 is missing"),
    "other layers.npz": (npz(layer_0=SELF[0], layer_1=SELF[1, :2]), "layer 1 has shape"),
    "number.json": (b"5", r"shape \(\)"),
    "null.json": (b"null", "None"),
    "words.json": (b'[["a", "b"]]', "no number"),
    "ragged.json": (b"[[1, 0], [1]]", "item 1 has 1 items"),
    "null in it.json": (b"[[1, null], [0, 1]]", "item 0, 1 holds None"),
    "NaN.json": (b"[[1, 0], [NaN, 1]]", "layer 0, head 0, row 1, column 0"),
    "deep.json": (b"[" * 200_000, "nested too deep"),
    "deep and whole.json": (b"[" * 900 + b"1" + b"]" * 900, "deep-json|shape|regular"),
    "digits.json": (b"[[" + b"9" * 5000 + b"]]", "cannot be shown"),
    "large number.json": (b"[[1" + b"0" * 400 + b"]]", "not a regular array"),
    "other.json": (b'{"a": [[1, 0], [0, 1]], "b": [[1, 0], [0, 1]]}', "a, b"),
    "empty object.json": (b"{}", "no arrays"),
    "no attn.json": (b'[{"left_text": ["a"]}]', "no attn"),
    "tokens of lists.json": (
        as_json({"tokens": [["a"], ["b"]], "attn": np.eye(2)}),
        "list of strings",
    ),
    "too few tokens.json": (as_json({"tokens": WORDS[:3], "attn": SELF}), "3 query tokens"),
    "more than 1.npy": (npy(SELF * 3), "more than"),
    "logits.npy": (npy(SELF - 1), "negative"),
    "a record of later.json": (b'{"format": "attnviz-record", "version": 9}', "version is 9"),
    "not quite a record.npz": (npz(record=np.array("{}")), "not a record"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data, said = REFUSED[name]
    path = Path(name)
    path.write_bytes(data)
    with pytest.raises(AttnvizError, match=said) as caught:
        open_file(path)
    assert name in str(caught.value)
    assert list(tmp_path.iterdir()) == [tmp_path / name]  # nothing was unpickled


def test_places_that_are_no_files(tmp_path):
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "dead.npy").symlink_to("gone")
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    os.mkfifo(tmp_path / "pipe.npy")
    for name in ("folder.npy", "missing.npy", "dead.npy", "loop.npy", "pipe.npy"):
        with pytest.raises(AttnvizError, match=name) as caught:
            open_file(tmp_path / name)
    assert "not a regular file" in str(caught.value)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_a_text_too_large_is_not_read(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"large{suffix}"
    with path.open("wb") as file:
        file.truncate(600 << 20)  # a hole: no bytes on the disk
    monkeypatch.setattr(Path, "read_bytes", None)
    monkeypatch.setattr(Path, "open", None)
    with pytest.raises(AttnvizError, match=r"0\.586 GiB"):
        open_file(path)


def test_an_npy_too_large_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "large.npy"
    with path.open("wb") as file:
        file.truncate(3 << 30)
    monkeypatch.setattr(Path, "open", None)
    with pytest.raises(AttnvizError, match="3 GiB"):
        open_file(path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    (tmp_path / "bomb.npz").write_bytes(bomb(3 << 30))
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    for opened in (open_file, read):
        with pytest.raises(AttnvizError, match="3 GiB"):
            opened(tmp_path / "bomb.npz")


def test_a_zip_may_be_large_only_once_unpacked(tmp_path, monkeypatch):
    (tmp_path / "a.npz").write_bytes(npz(attentions=SELF))
    monkeypatch.setattr("attnviz.files.arrays.LARGEST", SELF.nbytes + 128)  # the header's 128 too
    open_file(tmp_path / "a.npz")
    monkeypatch.setattr("attnviz.files.arrays.LARGEST", SELF.nbytes + 127)
    with pytest.raises(AttnvizError, match="unpacked"):
        open_file(tmp_path / "a.npz")


def test_arrays_that_nobody_asked_for_are_not_unpacked(tmp_path):
    """A broken or pickled neighbour does not matter."""
    (tmp_path / "a.npz").write_bytes(npz(attentions=SELF, other=EVIL))
    np.testing.assert_array_equal(open_file(tmp_path / "a.npz").stack.weights, SELF)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.json", "a.safetensors", "a.csv"])
def test_any_byte_that_breaks(tmp_path, name):
    """It is refused, or the byte did not matter to what is a record."""
    record = trace("a b", heads=1)
    whole = {
        "a.npy": npy(SELF[0, :1]),
        "a.npz": npz(attentions=SELF[0, :1]),
        "a.json": as_json({"tokens": WORDS, "attention": SELF[0, :1]}),
        "a.safetensors": safetensors(attentions=SELF[0, :1]),
        "a.csv": record.to_csv().encode(),
    }[name]
    path, wrong = tmp_path / name, {}
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :])
        try:
            open_file(path)
        except AttnvizError:
            pass
        except Exception as error:
            wrong[f"{type(error).__name__}: {error}"] = place
    assert wrong == {}

"""Byte pairs by rank: tekken.json (Mistral) and the files of tiktoken, which hold bytes in the
order in which they are merged. And texts that are read byte by byte (ByT5, arXiv 2105.13626).
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.models.checkpoint.added_tokens import SETTINGS, read_object
from attnviz.models.checkpoint.gguf_tokenizer import LLAMA3, QWEN2

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_BYTES = 1 << 26  # of a file: the largest in use have 20 MB
MOST_TOKENS = 1 << 20
A_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,2} [0-9]{1,9}")
# The marks of tekken files that name none, by their ids (mistral-common, up to its version 7).
TEKKEN_MARKS = (
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]",
    "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
)  # fmt: skip
QWEN_MARKS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|extra_{n}|>" for n in range(205)),
)  # fmt: skip


def read_tekken(file: Path) -> Tokenizer:
    """Build the tokenizer of a tekken.json: <s> stands before a text, as Mistral's models read it.

    Raises ValueError, KeyError or TypeError for a file that is none.
    """
    says = json.loads(_content(file))
    config, marks = says["config"], _tekken_marks(says)
    n_kept = config.get("default_vocab_size", len(says["vocab"]) + len(marks)) - len(marks)
    kept = says["vocab"][: max(n_kept, 0)]
    pieces = [b64decode(entry["token_bytes"], validate=True) for entry in kept]
    tokenizer = _merging(pieces, str(config["pattern"]), before=marks)
    tokenizer.add_special_tokens(marks)
    _put_around(tokenizer, file.parent, first="<s>")
    return tokenizer


def _tekken_marks(says: Mapping[str, Any]) -> list[str]:
    named = says.get("special_tokens")
    marks = list(TEKKEN_MARKS)
    if named is not None:
        ranked = sorted((entry["rank"], entry["token_str"]) for entry in named)
        if [rank for rank, _ in ranked] != list(range(len(ranked))):
            raise ValueError("the ranks of its special tokens are not 0, 1, 2 …")
        marks = [str(mark) for _, mark in ranked]
    n_due = says["config"].get("default_num_special_tokens", len(marks))
    if not 0 <= n_due <= MOST_TOKENS:
        raise ValueError("it has too many special tokens")
    return [*marks, *(f"<SPECIAL_{n}>" for n in range(len(marks), n_due))]


def is_ranked(file: Path) -> bool:
    """Tell whether a file is one of tiktoken: its first line is base64 and a rank."""
    with file.open("rb") as stream:
        first = stream.read(1 << 12).partition(b"\n")[0]
    return A_LINE.fullmatch(first.rstrip(b"\r")) is not None


def read_ranked(file: Path, kind: str) -> Tokenizer:
    """Build the tokenizer of a tiktoken file, whose rules the class of this name has: "QWen", or
    Llama 3's. Raises ValueError for a file that is none."""
    ranks: dict[bytes, int] = {}
    for line in _content(file).splitlines():
        if line:
            if not A_LINE.fullmatch(line):
                raise ValueError("a line is not base64 and a rank")
            piece, _, rank = line.partition(b" ")
            ranks[b64decode(piece)] = int(rank)
    pieces = sorted(ranks, key=lambda piece: ranks[piece])
    if [ranks[piece] for piece in pieces] != list(range(len(pieces))):
        raise ValueError("its ranks are not 0, 1, 2 …")
    if kind != "QWen":
        tokenizer = _merging(pieces, LLAMA3)
        tokenizer.add_special_tokens(_reserved(len(pieces), file.parent))
        _put_around(tokenizer, file.parent)
        return tokenizer
    from tokenizers.normalizers import NFC

    tokenizer = _merging(pieces, QWEN2)
    tokenizer.normalizer = NFC()
    tokenizer.add_special_tokens(list(QWEN_MARKS))
    return tokenizer


def _reserved(n_pieces: int, folder: Path) -> list[str]:
    """The special tokens that the settings number, and names for the ids between them."""
    stated = read_object(folder / SETTINGS).get("added_tokens_decoder")
    named = stated if isinstance(stated, dict) else {}
    names = {int(n): value for n, value in named.items() if str(n).isdecimal()}
    last = max(names, default=-1)
    if last > n_pieces + MOST_TOKENS:
        raise ValueError(f"its settings number a token {last}")
    places = range(n_pieces, last + 1)
    return [_name(names.get(n, f"<|reserved_token_{n}|>")) for n in places]


def _name(value: Any) -> str:
    return str(value["content"] if isinstance(value, dict) else value)


def _content(file: Path) -> bytes:
    if file.stat().st_size > MOST_BYTES:
        raise ValueError("it is too large")
    return file.read_bytes()


def _merging(pieces: Sequence[bytes], pattern: str, before: Sequence[str] = ()) -> Tokenizer:
    """Bytes, merged in the order of what they make. before: marks with the first ids."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

    if len(pieces) > MOST_TOKENS:
        raise ValueError("it has too many pieces")
    signs = _signs()
    written = ["".join(signs[byte] for byte in piece) for piece in pieces]
    ranks = {piece: n for n, piece in enumerate(written)}
    merges = [
        (piece[:cut], piece[cut:])
        for piece in written
        for cut in sorted(_cuts(piece, ranks), key=lambda c: (ranks[piece[:c]], ranks[piece[c:]]))
    ]
    vocabulary = {mark: n for n, mark in enumerate(before)}
    vocabulary |= {piece: n + len(before) for piece, n in ranks.items()}
    tokenizer = Tokenizer(BPE(vocabulary, merges, ignore_merges=True))
    cut = Split(Regex(pattern), "isolated")
    tokenizer.pre_tokenizer = Sequence([cut, ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = Decoder()
    return tokenizer


def _cuts(piece: str, ranks: Mapping[str, int]) -> list[int]:
    return [n for n in range(1, len(piece)) if piece[:n] in ranks and piece[n:] in ranks]


def _signs() -> list[str]:
    """The sign that stands for each byte in GPT-2's vocabularies: itself where it can be seen."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [n for n in range(256) if n not in seen]
    return [chr(n) if n in seen else chr(256 + others.index(n)) for n in range(256)]


def _put_around(tokenizer: Tokenizer, folder: Path, first: str | None = None) -> None:
    """Put the first and the last token around a text where the settings ask for them. first: the
    one that stands there where they say nothing."""
    from tokenizers.processors import TemplateProcessing

    says = read_object(folder / SETTINGS)
    begins = says.get("add_bos_token", first is not None)
    before = _name(says.get("bos_token") or first) if begins else None
    after = _name(says.get("eos_token") or "</s>") if says.get("add_eos_token") else None
    marks = [mark for mark in (before, after) if mark is not None]
    ids = [(mark, tokenizer.token_to_id(mark)) for mark in dict.fromkeys(marks)]
    one = [part for part in (before, "$A", after) if part is not None]
    two = [f"{part}:1" for part in (before, "$B", after) if part is not None]
    tokenizer.post_processor = TemplateProcessing(single=one, pair=[*one, *two], special_tokens=ids)


def byte_by_byte(folder: Path) -> Tokenizer:
    """Build ByT5's tokenizer: three marks, a token for each of 256 bytes, and marks behind them."""
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from tokenizers.processors import TemplateProcessing

    marks = ("<pad>", "</s>", "<unk>")
    tokenizer = Tokenizer(BPE({sign: n for n, sign in enumerate((*marks, *_signs()))}, []))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = Decoder()
    tokenizer.add_special_tokens([AddedToken(m, lstrip=True, rstrip=True) for m in marks])
    extra = read_object(folder / SETTINGS).get("extra_ids", 125)
    n_extra = min(extra, 1000) if type(extra) is int else 0
    tokenizer.add_special_tokens([f"<extra_id_{n}>" for n in range(n_extra)])
    tokenizer.post_processor = TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return tokenizer

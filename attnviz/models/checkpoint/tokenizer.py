"""The tokenizer that a checkpoint folder holds, in whichever of the usual forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError
from attnviz.inputs.text import open_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json")


def find_tokenizer(folder: Path) -> Tokenizer:
    """Open tokenizer.json, vocab.txt (WordPiece), or vocab.json and merges.txt (byte-level BPE).

    Raises AttnvizError where there is none of them, or where it cannot be used.
    """
    if (folder / "tokenizer.json").is_file():
        return open_tokenizer(folder / "tokenizer.json")
    try:
        if (folder / "vocab.txt").is_file():
            return _word_piece(folder)
        if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
            return _byte_pairs(folder)
    except Exception as error:  # the library raises bare Exception for a file it cannot use
        raise AttnvizError(
            f"The vocabulary in {folder} cannot be used: {error}.",
            "Give a tokenizer.json as `tokenizer`, or token `ids`.",
        ) from error
    raise AttnvizError(
        f"{folder} has no tokenizer.json, no vocab.txt, and no vocab.json with merges.txt.",
        "Give a tokenizer.json as `tokenizer`, or token `ids`.",
    )


def _word_piece(folder: Path) -> Tokenizer:
    """BERT's own kind (arXiv 1609.08144)."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    says = _settings(folder)
    unknown = _token_name(says.get("unk_token", "[UNK]"))
    model = WordPiece.from_file(str(folder / "vocab.txt"), unk_token=unknown)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = BertNormalizer(
        lowercase=bool(says.get("do_lower_case", True)),
        strip_accents=says.get("strip_accents"),
        handle_chinese_chars=bool(says.get("tokenize_chinese_chars", True)),
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    first, last = (
        _token_name(says.get(name, usual))
        for name, usual in (("cls_token", "[CLS]"), ("sep_token", "[SEP]"))
    )
    mask = _token_name(says.get("mask_token", "[MASK]"))
    _frame(tokenizer, f"{first} $A {last}", f"{first} $A {last} $B:1 {last}:1", [first, last, mask])
    return tokenizer


def _byte_pairs(folder: Path) -> Tokenizer:
    """GPT-2's kind (Radford et al. 2019), framed by RoBERTa's tokens where the vocabulary has
    them and its settings name them."""
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel

    says = _settings(folder)
    model = BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer = Tokenizer(model)
    spaced = bool(says.get("add_prefix_space", False))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=spaced)
    first, last = (tokenizer.token_to_id(name) for name in ("<s>", "</s>"))
    begins = _token_name(says.get("bos_token", "<s>")) == "<s>"
    if first is not None and last is not None and begins:
        _frame(tokenizer, "<s> $A </s>", "<s> $A </s> </s> $B </s>", ["<s>", "</s>", "<mask>"])
    return tokenizer


def _frame(tokenizer: Tokenizer, single: str, pair: str, names: list[str]) -> None:
    from tokenizers.processors import TemplateProcessing

    known = [name for name in names if tokenizer.token_to_id(name) is not None]
    tokenizer.add_special_tokens(known)
    tokenizer.post_processor = TemplateProcessing(
        single=single,
        pair=pair,
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in known],
    )


def _settings(folder: Path) -> dict[str, Any]:
    """Read tokenizer_config.json, if there is one."""
    file = folder / "tokenizer_config.json"
    says = json.loads(file.read_bytes()) if file.is_file() else {}
    return says if isinstance(says, dict) else {}


def _token_name(token: Any) -> str:
    """Return a token's name, which older settings wrap in an object."""
    return str(token["content"] if isinstance(token, dict) else token)

"""The tokenizer that a checkpoint folder holds, in whichever of the usual forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError
from attnviz.inputs.text import open_tokenizer
from attnviz.models.checkpoint.added_tokens import SETTINGS, add_tokens, read_object

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PIECES = ("spiece.model", "sentencepiece.bpe.model", "tokenizer.model")  # of sentencepiece
FILES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", *PIECES, "tokenizer_config.json",
)  # fmt: skip


# Classes of transformers whose rules are known, by the files of their vocabulary.
WORD_PIECE = {
    "Bert", "ConvBert", "DistilBert", "DPRContextEncoder", "DPRQuestionEncoder", "DPRReader",
    "Electra", "LayoutLM", "Lxmert", "MobileBert", "MPNet", "RetriBert", "SqueezeBert",
}  # fmt: skip
BYTE_PAIRS = {"Bart", "GPT2", "LED", "Longformer", "Qwen2", "Roberta"}
GENERIC = {"", "PreTrained", "Tokenizers"}  # which say nothing of the rules
QWEN2 = {"qwen2", "qwen3"}
END = "<|endoftext|>"
# How one text and a pair are framed, and by which tokens, for vocabularies of sentencepiece.
FRAMES: dict[str, tuple[str, str, list[str]]] = {
    "T5": ("$A </s>", "$A </s> $B </s>", ["</s>"]),
    "MT5": ("$A </s>", "$A </s> $B </s>", ["</s>"]),
    "Llama": ("<s> $A", "<s> $A <s> $B", ["<s>"]),
    "Gemma": ("<bos> $A", "<bos> $A <bos> $B", ["<bos>"]),
    "XLMRoberta": ("<s> $A </s>", "<s> $A </s> </s> $B </s>", ["<s>", "</s>"]),
}
OF_TYPE = {"t5": "T5", "mt5": "MT5", "xlm-roberta": "XLMRoberta"}
BERT_MARKS = {
    "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]", "pad_token": "[PAD]",
}  # fmt: skip
MPNET_MARKS = {
    "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>", "pad_token": "<pad>",
}  # fmt: skip
ROBERTA_MARKS = ["<s>", "</s>", "<unk>", "<pad>", "<mask>"]


def find_tokenizer(folder: Path) -> Tokenizer:
    """Open tokenizer.json, vocab.txt (WordPiece), or vocab.json and merges.txt (byte-level BPE),
    with the tokens that other files of the folder add.

    Raises AttnvizError where there is none of them, where it cannot be used, or where its class
    cuts texts by rules that are not known.
    """
    try:
        tokenizer = _cutter(folder)
        add_tokens(tokenizer, folder)
    except AttnvizError:
        raise
    except Exception as error:  # the library raises bare Exception for a file it cannot use
        raise AttnvizError(
            f"The vocabulary in {folder} cannot be used: {error}.",
            "Give a tokenizer.json as `tokenizer`, or token `ids`.",
        ) from error
    return tokenizer


def _cutter(folder: Path) -> Tokenizer:
    if (folder / "tokenizer.json").is_file():
        return open_tokenizer(folder / "tokenizer.json")
    if (folder / "vocab.txt").is_file():
        _refuse_unknown(folder, WORD_PIECE)
        return _word_piece(folder)
    if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        _refuse_unknown(folder, BYTE_PAIRS)
        return _byte_pairs(folder)
    for name in PIECES:
        if (folder / name).is_file():
            return _pieces(folder, folder / name)
    raise AttnvizError(
        f"{folder} has no tokenizer.json, no vocab.txt, no vocab.json with merges.txt, and no "
        f"{' or '.join(PIECES)}.",
        "Give a tokenizer.json as `tokenizer`, or token `ids`.",
    )


def _pieces(folder: Path, file: Path) -> Tokenizer:
    """A vocabulary of sentencepiece, in the frame of its class."""
    from attnviz.models.checkpoint.sentencepiece import read_pieces

    kind = _class(folder)
    kind = OF_TYPE.get(_model_type(folder), kind) if kind in GENERIC else kind
    if kind not in FRAMES:
        _refuse_unknown(folder, set(FRAMES))
        raise AttnvizError(
            f"{folder} does not say which class its {file.name} is for.",
            "Give a tokenizer.json as `tokenizer`, or token `ids`.",
        )
    found = read_pieces(file)
    if kind == "XLMRoberta":  # fairseq's four marks stand before the pieces
        tokenizer = found.tokenizer(first=3, before=("<s>", "<pad>", "</s>", "<unk>"))
        tokenizer.add_special_tokens(["<mask>"])
    else:
        tokenizer = found.tokenizer()
    if kind in ("T5", "MT5"):
        extra = read_object(folder / SETTINGS).get("extra_ids", 100)
        names = [f"<extra_id_{n}>" for n in reversed(range(min(int(extra), 1000)))]
        tokenizer.add_special_tokens(names)
    _frame(tokenizer, *FRAMES[kind])
    return tokenizer


def _class(folder: Path) -> str:
    """The class that cuts texts, without the end of its name; "" where none is named."""
    named = read_object(folder / SETTINGS).get("tokenizer_class")
    return str(named or "").removesuffix("Fast").removesuffix("Tokenizer")


def _refuse_unknown(folder: Path, known: set[str]) -> None:
    name = _class(folder)
    if name not in known | GENERIC:
        raise AttnvizError(
            f"{folder} has the vocabulary of a {name[:80]}Tokenizer, whose rules are not known.",
            "Give a tokenizer.json as `tokenizer`, or token `ids`.",
        )


def _word_piece(folder: Path) -> Tokenizer:
    """BERT's own kind (arXiv 1609.08144)."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    says = read_object(folder / SETTINGS)
    unknown = _token_name(says.get("unk_token", "[UNK]"))
    model = WordPiece.from_file(str(folder / "vocab.txt"), unk_token=unknown)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = BertNormalizer(
        lowercase=bool(says.get("do_lower_case", True)),
        strip_accents=says.get("strip_accents"),
        handle_chinese_chars=bool(says.get("tokenize_chinese_chars", True)),
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    mpnet = _is_mpnet(folder)
    usual = MPNET_MARKS if mpnet else BERT_MARKS
    first, last, mask, pad = (_token_name(says.get(name, mark)) for name, mark in usual.items())
    names = [first, last, mask, pad, unknown]
    pair = f"{last} $B {last}" if mpnet else f"$B:1 {last}:1"
    _frame(tokenizer, f"{first} $A {last}", f"{first} $A {last} {pair}", names)
    return tokenizer


def _is_mpnet(folder: Path) -> bool:
    """Whether a list of word pieces is framed by RoBERTa's marks, as MPNet's is."""
    kind = _class(folder)
    return kind == "MPNet" or (kind in GENERIC and _model_type(folder) == "mpnet")


def _byte_pairs(folder: Path) -> Tokenizer:
    """GPT-2's kind (Radford et al. 2019), framed by RoBERTa's tokens where the vocabulary has
    them and its settings name them."""
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel

    if _class(folder) == "Qwen2" or _model_type(folder) in QWEN2:
        return _qwen2(folder)
    says = read_object(folder / SETTINGS)
    model = BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer = Tokenizer(model)
    spaced = bool(says.get("add_prefix_space", False))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=spaced)
    tokenizer.add_special_tokens([n for n in [END] if tokenizer.token_to_id(n) is not None])
    first, last = (tokenizer.token_to_id(name) for name in ("<s>", "</s>"))
    begins = _token_name(says.get("bos_token", "<s>")) == "<s>"
    if first is not None and last is not None and begins:
        _frame(tokenizer, "<s> $A </s>", "<s> $A </s> </s> $B </s>", ROBERTA_MARKS)
    return tokenizer


def _qwen2(folder: Path) -> Tokenizer:
    """Qwen 2's kind: digits apart, no space of its own before a text, composed letters."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import BPE
    from tokenizers.normalizers import NFC
    from tokenizers.pre_tokenizers import ByteLevel, Split
    from tokenizers.pre_tokenizers import Sequence as Several

    from attnviz.models.checkpoint.gguf_tokenizer import QWEN2 as RULE

    model = BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = NFC()
    cut = Split(Regex(RULE), "isolated")
    tokenizer.pre_tokenizer = Several([cut, ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.add_special_tokens([n for n in [END] if tokenizer.token_to_id(n) is not None])
    return tokenizer


def _model_type(folder: Path) -> str:
    return str(read_object(folder / "config.json").get("model_type"))


def _frame(tokenizer: Tokenizer, single: str, pair: str, names: list[str]) -> None:
    from tokenizers.processors import TemplateProcessing

    known = [name for name in names if tokenizer.token_to_id(name) is not None]
    tokenizer.add_special_tokens(known)
    tokenizer.post_processor = TemplateProcessing(
        single=single,
        pair=pair,
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in known],
    )


def _token_name(token: Any) -> str:
    """Return a token's name, which older settings wrap in an object."""
    return str(token["content"] if isinstance(token, dict) else token)

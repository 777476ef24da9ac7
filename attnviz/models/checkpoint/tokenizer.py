"""The tokenizer that a checkpoint folder holds, in whichever of the usual forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import AttnvizError
from attnviz.inputs.text import open_tokenizer
from attnviz.models.checkpoint.added_tokens import SETTINGS, add_tokens, read_object

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# of sentencepiece
PIECES = ("spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model")
MARIAN = "source.spm"  # beside target.spm and vocab.json
TEKKEN, TIKTOKEN = "tekken.json", ("tiktoken.model", "qwen.tiktoken")
FILES = (
    "tokenizer.json", "vocab.txt", MARIAN, "vocab.json", "merges.txt", TEKKEN, *TIKTOKEN, *PIECES,
    "tokenizer_config.json",
)  # fmt: skip


# Classes of transformers whose rules are known, by the files of their vocabulary.
WORD_PIECE = {
    "Bert", "ConvBert", "DistilBert", "DPRContextEncoder", "DPRQuestionEncoder", "DPRReader",
    "Electra", "LayoutLM", "Lxmert", "MobileBert", "MPNet", "RetriBert", "SqueezeBert",
}  # fmt: skip
BYTE_PAIRS = {"Bart", "CLIP", "GPT2", "LED", "Longformer", "Qwen2", "Roberta"}
GENERIC = {"", "PreTrained", "Tokenizers"}  # which say nothing of the rules
QWEN2 = {"qwen2", "qwen3"}
OF_CLIP = {"clip", "clip_text_model"}
CLIP_WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)
RANKED = {"Llama", "QWen"}  # whose rules for the files of tiktoken are known
END = "<|endoftext|>"
# The class of the vocabularies of sentencepiece that a type of model has.
OF_TYPE = {
    "albert": "Albert", "camembert": "Camembert", "deberta-v2": "DebertaV2", "gemma": "Gemma",
    "gemma2": "Gemma", "gemma3": "Gemma", "gemma3_text": "Gemma", "llama": "Llama",
    "m2m_100": "M2M100", "marian": "Marian", "mbart": "MBart", "mistral": "Llama", "mt5": "MT5",
    "pegasus": "Pegasus", "t5": "T5", "xlm-roberta": "XLMRoberta",
}  # fmt: skip
BERT_MARKS = {
    "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]", "pad_token": "[PAD]",
}  # fmt: skip
MPNET_MARKS = {
    "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>", "pad_token": "<pad>",
}  # fmt: skip
ROBERTA_MARKS = ["<s>", "</s>", "<unk>", "<pad>", "<mask>"]


def find_tokenizer(folder: Path, *, source: bool = False) -> Tokenizer:
    """Open the vocabulary of a folder, in whichever form it has, with the tokens that other files
    add. source: the one for what is translated, where a translation has another.

    Raises AttnvizError where there is none, where it cannot be used, or where its class cuts texts
    by rules that are not known.
    """
    try:
        tokenizer = _cutter(folder, source)
        add_tokens(tokenizer, folder)
    except AttnvizError:
        raise
    except Exception as error:  # the library raises bare Exception for a file it cannot use
        raise _unusable(folder, error) from error
    except BaseException as error:  # what the library was not prepared for
        if type(error).__name__ != "PanicException":
            raise
        raise _unusable(folder, error) from error
    return tokenizer


def _unusable(folder: Path, error: BaseException) -> AttnvizError:
    return AttnvizError(
        f"The vocabulary in {folder} cannot be used: {str(error)[:200]}.",
        "Give a tokenizer.json as `tokenizer`, or token `ids`.",
        key="err.vocabulary_cannot",
        place=folder,
        reason=str(error)[:200],
    )


def _cutter(folder: Path, source: bool) -> Tokenizer:
    if (folder / "tokenizer.json").is_file():
        return open_tokenizer(folder / "tokenizer.json")
    kind = _class(folder)
    kind = OF_TYPE.get(_model_type(folder), kind) if kind in GENERIC else kind
    if kind in ("ByT5", "Marian", "M2M100"):
        return _by_class(folder, kind, source)
    if (folder / "vocab.txt").is_file():
        _refuse_unknown(folder, WORD_PIECE)
        return _word_piece(folder)
    if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        _refuse_unknown(folder, BYTE_PAIRS)
        return _byte_pairs(folder)
    if (folder / TEKKEN).is_file():
        from attnviz.models.checkpoint.ranked import read_tekken

        return read_tekken(folder / TEKKEN)
    for name in (*TIKTOKEN, *PIECES):
        if (folder / name).is_file():
            return _of_file(folder, folder / name, kind)
    _refuse_unknown(
        folder, {*WORD_PIECE, *BYTE_PAIRS, *RANKED, *OF_TYPE.values(), "MBart50", "Nllb"}
    )
    raise AttnvizError(
        f"{folder} has no tokenizer.json, and none of vocab.txt, vocab.json with merges.txt, "
        f"{', '.join(PIECES)}, {TEKKEN} and {TIKTOKEN[0]}.",
        "Give a tokenizer.json as `tokenizer`, or token `ids`.",
        key="err.no_tokenizer",
        place=folder,
        names=", ".join(PIECES),
        tekken=TEKKEN,
        tiktoken=TIKTOKEN[0],
    )


def _by_class(folder: Path, kind: str, source: bool) -> Tokenizer:
    """The vocabularies that stand in several files, or in none."""
    from attnviz.models.checkpoint import listed_pieces

    if kind == "ByT5":
        from attnviz.models.checkpoint.ranked import byte_by_byte

        return byte_by_byte(folder)
    marian = (listed_pieces.SOURCE, listed_pieces.TARGET)
    files = [*(marian if kind == "Marian" else [listed_pieces.PIECES]), listed_pieces.VOCABULARY]
    missing = [name for name in files if not (folder / name).is_file()]
    if missing:
        raise AttnvizError(
            f"{folder} has no {' and no '.join(missing)}, which the vocabulary of a "
            f"{kind}Tokenizer needs.",
            "Fetch the whole checkpoint, give a tokenizer.json as `tokenizer`, or token `ids`.",
            key="err.no_vocabulary",
            place=folder,
            names=" and no ".join(missing),
            kind=kind,
        )
    if kind == "Marian":
        return listed_pieces.read_marian(folder, target=not source)
    return listed_pieces.read_m2m_100(folder)


def _of_file(folder: Path, file: Path, kind: str) -> Tokenizer:
    """One file of tiktoken or of sentencepiece; the name alone does not tell which."""
    from attnviz.models.checkpoint.ranked import is_ranked, read_ranked

    if file.name in TIKTOKEN or is_ranked(file):
        _refuse_unknown(folder, RANKED)
        return read_ranked(file, kind)
    return _pieces(folder, file, kind)


def _pieces(folder: Path, file: Path, kind: str) -> Tokenizer:
    """A vocabulary of sentencepiece, in the frame of its class."""
    from attnviz.models.checkpoint.frames import FRAMES
    from attnviz.models.checkpoint.framing import framed
    from attnviz.models.checkpoint.sentencepiece import read_pieces

    if kind not in FRAMES:
        _refuse_unknown(folder, set(FRAMES))
        raise AttnvizError(
            f"{folder} does not say which class its {file.name} is for.",
            "Give a tokenizer.json as `tokenizer`, or token `ids`.",
            key="err.does_not_say_class",
            place=folder,
            place2=file.name,
        )
    return framed(read_pieces(file), kind, folder)


def _class(folder: Path) -> str:
    """The class that cuts texts, without the end of its name; "" where none is named."""
    named = read_object(folder / SETTINGS).get("tokenizer_class")
    return str(named or "").removesuffix("Fast").removesuffix("Tokenizer")


def _refuse_unknown(folder: Path, known: set[str]) -> None:
    name = _class(folder)
    if name not in known | GENERIC:
        raise AttnvizError(
            f"{folder} has the vocabulary of {name[:80]}Tokenizer, whose rules are not known.",
            "Give a tokenizer.json as `tokenizer`, or token `ids`.",
            key="err.vocabulary_tokenizer",
            place=folder,
            name=name[:80],
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
    if _class(folder) == "CLIP" or _model_type(folder) in OF_CLIP:
        return _clip(folder)
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


def _clip(folder: Path) -> Tokenizer:
    """CLIP's kind: small letters, words that end in </w>, a mark before and behind a text."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.normalizers import NFC, Lowercase, Replace
    from tokenizers.normalizers import Sequence as Steps
    from tokenizers.pre_tokenizers import ByteLevel, Split
    from tokenizers.pre_tokenizers import Sequence as Several

    says = read_object(folder / SETTINGS)
    first = _token_name(says.get("bos_token") or "<|startoftext|>")
    last = _token_name(says.get("eos_token") or END)
    unknown = _token_name(says.get("unk_token") or END)
    files = str(folder / "vocab.json"), str(folder / "merges.txt")
    model = BPE.from_file(*files, unk_token=unknown, end_of_word_suffix="</w>")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = Steps([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    words = Split(Regex(CLIP_WORDS), "removed", invert=True)
    tokenizer.pre_tokenizer = Several([words, ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = Decoder()
    pair = f"{first} $A {last} {last} $B {last}"
    _frame(tokenizer, f"{first} $A {last}", pair, [first, last, unknown])
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

"""The tokenizer inside a GGUF file: its tokens, their kinds, and the rules that it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.files.gguf import GGUF
from attnviz.models.checkpoint.pieces import SPACE

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PREFIX = "tokenizer.ggml."
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4  # kinds of tokens, as the files number them

# How a text is cut before its bytes are merged, by the name that the file gives the rule: the
# regular expressions that llama.cpp's llama-vocab.cpp has for it. GPT-2's own comes after the
# first part where there are two.
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
DIGIT = r"\p{N}"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", DIGIT)
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))*((?=[\p{L}])([^A-Z]))+"
    r"|[^\r\n\p{L}\p{N}]?((?=[\p{L}])([^a-z]))+((?=[\p{L}])([^A-Z]))*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
RULES: dict[str, tuple[str, ...]] = {
    "gpt-2": (GPT2,), "phi-2": (GPT2,), "olmo": (GPT2,), "jina-es": (GPT2,), "jina-de": (GPT2,),
    "smollm": (DIGIT, GPT2), "starcoder": (DIGIT, GPT2), "refact": (DIGIT, GPT2),
    "command-r": (DIGIT, GPT2), "codeshell": (DIGIT, GPT2), "exaone": (DIGIT, GPT2),
    "llama-bpe": (LLAMA3,), "llama3": (LLAMA3,), "dbrx": (LLAMA3,), "smaug-bpe": (LLAMA3,),
    "falcon3": (LLAMA3,), "qwen2": (QWEN2,), "deepseek-r1-qwen": (QWEN2,), "stablelm2": (QWEN2,),
    "tekken": (TEKKEN,),
}  # fmt: skip
STARTS_TEXTS = ("llama-bpe", "llama3", "falcon3")  # which put their first token before a text


def gguf_tokenizer(gguf: GGUF) -> Tokenizer:
    """Build the tokenizer that a GGUF file holds.

    Raises AttnvizError where it holds none, or names rules that are not known.
    """
    kind, tokens = gguf.fields.get(f"{PREFIX}model"), gguf.fields.get(f"{PREFIX}tokens")
    if not isinstance(tokens, list):
        raise _refused(gguf, "holds no tokens")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _refused(gguf, f"has a tokenizer of the kind {str(kind)[:40]}, which is not read")
    try:
        tokenizer = KINDS[kind](gguf, tokens)
    except AttnvizError:
        raise
    except Exception as error:  # the library raises bare Exception for a vocabulary it cannot use
        raise _refused(gguf, f"has a tokenizer that cannot be used ({str(error)[:99]})") from error
    _add_special(tokenizer, gguf, tokens)
    return tokenizer


def _refused(gguf: GGUF, why: str) -> AttnvizError:
    return AttnvizError(
        f"{gguf.file} {why}.",
        "Give a tokenizer.json as `tokenizer`, or token `ids`.",
        key="err.give_tokenizer",
        place=gguf.file,
        why=why,
    )


def _byte_pairs(gguf: GGUF, tokens: list[str]) -> Tokenizer:
    """GPT-2's kind: bytes, merged in the order of a list."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel, PreTokenizer, Split
    from tokenizers.pre_tokenizers import Sequence as Several

    rule = gguf.fields.get(f"{PREFIX}pre", "gpt-2")
    if rule not in RULES:
        raise _refused(gguf, f"cuts texts by the rule {str(rule)[:40]}, which is not known")
    merges = [tuple(merge.split(" ")) for merge in gguf.fields.get(f"{PREFIX}merges", [])]
    vocabulary = {token: n for n, token in enumerate(tokens)}
    whole = rule in STARTS_TEXTS  # which take a word as it is where the vocabulary has it
    tokenizer = Tokenizer(BPE(vocabulary, merges, ignore_merges=whole))
    cuts: list[PreTokenizer] = [Split(Regex(part), "isolated") for part in RULES[rule]]
    tokenizer.pre_tokenizer = Several([*cuts, ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = Decoder()
    _frame(tokenizer, gguf, tokens, begins=rule in STARTS_TEXTS, ends=False)
    return tokenizer


def _word_piece(gguf: GGUF, tokens: list[str]) -> Tokenizer:
    """BERT's kind. The file marks what begins a word, BERT what goes on with one."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    def piece(token: str) -> str:
        if token.startswith("▁"):
            return token[1:]
        return token if token.startswith("[") and token.endswith("]") else f"##{token}"

    pieces = [piece(token) for token in tokens]
    unknown = _named(gguf, pieces, "unknown_token_id") or "[UNK]"
    vocabulary = {token: n for n, token in enumerate(pieces)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token=unknown))
    # The file does not say whether capitals count: they do where a piece has one.
    cased = any("A" <= p[:1] <= "Z" for p in pieces)
    tokenizer.normalizer = BertNormalizer(lowercase=not cased)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    _frame(tokenizer, gguf, pieces, begins=True, ends=True)
    return tokenizer


def _merged_pieces(gguf: GGUF, tokens: list[str]) -> Tokenizer:
    """Llama 2's and Gemma's kind: sentence pieces, merged by their scores."""
    from attnviz.models.checkpoint.pieces import merged_by_score

    scores, kinds = _numbers(gguf, "scores", tokens), _numbers(gguf, "token_type", tokens)
    unknown = _named(gguf, tokens, "unknown_token_id")
    tokenizer = merged_by_score(
        tokens, scores.tolist(), np.flatnonzero(kinds == NORMAL).tolist(), unknown,
        prefix=bool(gguf.fields.get(f"{PREFIX}add_space_prefix", True)),
    )  # fmt: skip
    _frame(tokenizer, gguf, tokens, begins=True, ends=False)
    return tokenizer


def _likely_pieces(gguf: GGUF, tokens: list[str]) -> Tokenizer:
    """T5's and XLM-RoBERTa's kind: the likeliest sentence pieces."""
    from attnviz.models.checkpoint.pieces import likeliest

    charsmap = gguf.fields.get(f"{PREFIX}precompiled_charsmap")
    unknown = _named(gguf, tokens, "unknown_token_id")
    if unknown is None:
        raise _refused(gguf, f"does not say {PREFIX}unknown_token_id")
    tokenizer = likeliest(
        tokens, _numbers(gguf, "scores", tokens).tolist(), tokens.index(unknown),
        prefix=bool(gguf.fields.get(f"{PREFIX}add_space_prefix", True)),
        squeezed=bool(gguf.fields.get(f"{PREFIX}remove_extra_whitespaces", True)),
        charsmap=charsmap.tobytes() if isinstance(charsmap, np.ndarray) else None,
    )  # fmt: skip
    _frame(tokenizer, gguf, tokens, begins=False, ends=True)
    return tokenizer


def _numbers(gguf: GGUF, key: str, tokens: Sequence[str]) -> np.ndarray[Any, Any]:
    """One number for each token."""
    found = gguf.fields.get(PREFIX + key)
    if not isinstance(found, np.ndarray) or len(found) != len(tokens):
        raise _refused(gguf, f"does not say {PREFIX}{key} of each token")
    return found


def _frame(
    tokenizer: Tokenizer, gguf: GGUF, tokens: Sequence[str], *, begins: bool, ends: bool
) -> None:
    """Put the first and last token around a text, where the file or its kind asks for them."""
    from tokenizers.processors import ByteLevel, TemplateProcessing
    from tokenizers.processors import Sequence as Several

    first = _named(gguf, tokens, "bos_token_id", "cls_token_id")
    last = _named(gguf, tokens, "seperator_token_id", "separator_token_id", "eos_token_id")
    before = first if gguf.fields.get(f"{PREFIX}add_bos_token", begins) else None
    after = last if gguf.fields.get(f"{PREFIX}add_eos_token", ends) else None
    one = [part for part in (before, "$A", after) if part is not None]
    two = [f"{part}:1" for part in ("$B", after) if part is not None]
    around = [(name, tokenizer.token_to_id(name)) for name in (before, after) if name is not None]
    template = TemplateProcessing(single=one, pair=[*one, *two], special_tokens=around)
    tokenizer.post_processor = Several([ByteLevel(trim_offsets=False), template])


def _named(gguf: GGUF, tokens: Sequence[str], *keys: str) -> str | None:
    """The token whose id stands under the first of these keys."""
    for key in keys:
        place = gguf.fields.get(PREFIX + key)
        if type(place) is int and 0 <= place < len(tokens):
            return tokens[place]
    return None


def _add_special(tokenizer: Tokenizer, gguf: GGUF, tokens: list[str]) -> None:
    """Keep control tokens and those that a user defined whole, wherever they stand in a text."""
    from tokenizers import AddedToken

    kinds = gguf.fields.get(f"{PREFIX}token_type")
    if not isinstance(kinds, np.ndarray) or len(kinds) != len(tokens):
        return
    for kind, special in ((CONTROL, True), (USER_DEFINED, False)):
        chosen = [tokens[n] for n in np.flatnonzero(kinds == kind).tolist() if tokens[n]]
        # A space in a token is written as in pieces: it is met once the text is written so too.
        added = [AddedToken(t, special=special, normalized=SPACE in t) for t in chosen]
        (tokenizer.add_special_tokens if special else tokenizer.add_tokens)(added)


KINDS: dict[str, Callable[[GGUF, list[str]], Tokenizer]] = {
    "gpt2": _byte_pairs,
    "bert": _word_piece,
    "llama": _merged_pieces,
    "t5": _likely_pieces,
}

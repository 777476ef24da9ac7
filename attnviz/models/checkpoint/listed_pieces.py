"""Vocabularies of two files: one of sentencepiece, which cuts texts, and a vocab.json, which gives
the pieces their ids (Marian, M2M-100)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.models.checkpoint.added_tokens import SETTINGS, read_object
from attnviz.models.checkpoint.charsmap import Charsmap
from attnviz.models.checkpoint.language_codes import M2M_100, WMT_21
from attnviz.models.checkpoint.pieces import SPACE
from attnviz.models.checkpoint.sentencepiece import (
    NORMAL,
    UNIGRAM,
    USER_DEFINED,
    read_pieces,
)

if TYPE_CHECKING:
    from tokenizers import NormalizedString, PreTokenizedString, Tokenizer

VOCABULARY, OF_TARGETS = "vocab.json", "target_vocab.json"
SOURCE, TARGET = "source.spm", "target.spm"
PIECES = "sentencepiece.bpe.model"
CODE = r"\A>>[\s\S]*?<<"  # the language that a text for Marian begins with
WITH_SPACE = re.compile(rf"{SPACE}>>[\s\S]*?<<")


class Cut:
    """A step before the model of a tokenizer: it cuts texts into the pieces of another model, and
    leaves it to the next to know them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """tokenizer: its model cuts."""
        from tokenizers import Tokenizer as Plain

        self._cutter = Plain(tokenizer.model)

    def pre_tokenize(self, text: PreTokenizedString) -> None:
        """Cut each part of a text further."""
        text.split(self._cut)

    def _cut(self, nth: int, part: NormalizedString) -> list[NormalizedString]:
        text = str(part.normalized)
        spans = self._cutter.encode(text, add_special_tokens=False).offsets
        if nth == 0 and WITH_SPACE.fullmatch(text):
            spans = [(len(SPACE), len(text))]
        found = [part[start:stop] for start, stop in spans if stop > start]
        return [piece for piece in found if piece is not None]


def read_m2m_100(folder: Path) -> Tokenizer:
    """Build M2M-100's tokenizer: the language stands before a text, </s> behind it."""
    says = read_object(folder / SETTINGS)
    codes = WMT_21 if says.get("language_codes") == "wmt21" else M2M_100
    tokenizer = _listed(folder / PIECES, folder / VOCABULARY)
    marks = [f"__{code}__" for code in codes]
    tokenizer.add_special_tokens(["<s>", "</s>", "<unk>", "<pad>", *marks])
    language = f"__{says.get('src_lang') or 'en'}__"
    _put_around(tokenizer, [language, "$A", "</s>"], [language, "$A", "$B", "</s>"])
    return tokenizer


def read_marian(folder: Path, *, target: bool = False) -> Tokenizer:
    """Build Marian's tokenizer for what is translated, or for its translation: </s> stands behind
    a text. A language that a text begins with (>>ary<<) is one token."""
    apart = bool(read_object(folder / SETTINGS).get("separate_vocabs"))
    numbers = OF_TARGETS if target and apart else VOCABULARY
    tokenizer = _listed(folder / (TARGET if target else SOURCE), folder / numbers, codes=True)
    tokenizer.add_special_tokens(["</s>", "<unk>", "<pad>"])
    _put_around(tokenizer, ["$A", "</s>"], ["$A", "$B", "</s>"])
    return tokenizer


def _listed(file: Path, numbers: Path, *, codes: bool = False) -> Tokenizer:
    """Cut as one file says, and number the pieces as another does. codes: a language that stands
    first is one token."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import Metaspace as Decoder
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Normalizer
    from tokenizers.normalizers import Sequence as Normalizers
    from tokenizers.pre_tokenizers import Metaspace, PreTokenizer, Sequence, Split

    found = read_pieces(file)
    # What is no piece of a text cannot be met in one.
    names = [
        piece if kind in (NORMAL, USER_DEFINED) else f"\ufffe{n}\ufffe"
        for n, (piece, kind) in enumerate(zip(found.pieces, found.kinds, strict=True))
    ]
    cutting = replace(found, pieces=tuple(names), charsmap=b"", prefix=False).tokenizer()
    ids: dict[str, Any] = read_object(numbers)
    if "<unk>" not in ids:
        raise ValueError(f"{numbers.name} has no <unk>")
    tokenizer = Tokenizer(WordLevel(ids, unk_token="<unk>"))
    written = [Normalizer.custom(Charsmap(found.charsmap))] if found.charsmap else []
    tokenizer.normalizer = Normalizers([*written, cutting.normalizer])
    steps: list[PreTokenizer] = [Split(Regex(CODE), "isolated")] if codes else []
    scheme = "always" if found.prefix else "never"
    steps += [Metaspace(SPACE, scheme, split=found.model == UNIGRAM and found.squeezed)]
    tokenizer.pre_tokenizer = Sequence([*steps, PreTokenizer.custom(Cut(cutting))])
    tokenizer.decoder = Decoder(SPACE, "always")
    return tokenizer


def _put_around(tokenizer: Tokenizer, one: list[str], two: list[str]) -> None:
    from tokenizers.processors import TemplateProcessing

    names = [part for part in one if part != "$A"]
    ids = [(name, tokenizer.token_to_id(name)) for name in names]
    tokenizer.post_processor = TemplateProcessing(single=one, pair=two, special_tokens=ids)

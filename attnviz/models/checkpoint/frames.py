"""What the classes of transformers put around a vocabulary of sentencepiece: which pieces stand
where, how a text is normalised and cut at spaces, and which marks frame it.

The rules are those of transformers' tokenization_*.py, class by class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from attnviz.frozen import dataclass
from attnviz.models.checkpoint.language_codes import MBART, MBART_50, NLLB
from attnviz.models.checkpoint.sentencepiece import BPE, UNIGRAM

BERT = {
    "bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "<unk>", "sep_token": "[SEP]",
    "pad_token": "<pad>", "cls_token": "[CLS]", "mask_token": "[MASK]",
}  # fmt: skip
ROBERTA = {
    "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>",
    "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>",
}  # fmt: skip
T5 = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
GEMMA = {
    "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>",
    "mask_token": "<mask>",
}  # fmt: skip
PEGASUS = {**T5, "mask_token": "<mask_2>", "mask_token_sent": "<mask_1>"}
FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>")  # stand where sentencepiece has three other marks
# Pegasus keeps places for marks of its training; how unlikely they are counts for what is unknown.
UNUSED = tuple(f"<unk_{n}>" for n in range(2, 103))
NOT_USED = ("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED")
LEAST = -100.0  # the score of those, and of CamemBERT's


@dataclass(frozen=True)
class Frame:
    """How one class reads a vocabulary of sentencepiece.

    marks: its special tokens by the fields of tokenizer_config.json. one, two: what a text and a
    pair become, in words: A and B for the texts, "language", and fields of `marks` without their
    end "_token"; ":1" after a word for the second segment. before: what stands in place of the
    first `dropped` pieces. after: pieces behind the last. normal: the steps before a text is cut,
    by their names in framing.py. words: whether all white space parts words, or only spaces.
    settings: what tokenizer_config.json says where it does not. unlikely: pieces of `before` with
    a score of their own.
    """

    marks: Mapping[str, str]
    one: str
    two: str
    before: tuple[str, ...] = ()
    dropped: int = 0
    after: tuple[str, ...] = ()
    normal: tuple[str, ...] = ("charsmap",)
    words: bool = True
    model: int = UNIGRAM
    settings: Mapping[str, object] = field(default_factory=dict)
    unlikely: tuple[str, ...] = ()
    mask: Mapping[str, bool] = field(default_factory=dict)


EATS_SPACE = {"lstrip": True}
OF_BERT = ("cls A sep", "cls A sep B:1 sep:1")
OF_T5 = ("A eos", "A eos B eos")
OF_ROBERTA = ("bos A eos", "bos A eos eos B eos")
LANGUAGE_LAST = ("A eos language", "A B eos language")
LANGUAGE_FIRST = ("language A eos", "language A B eos")
BEGIN = ("begin A end", "begin A end begin:1 B:1 end:1")  # where the settings ask for them

FRAMES: Mapping[str, Frame] = {
    "T5": Frame(T5, *OF_T5, settings={"extra_ids": 100}),
    "MT5": Frame(T5, *OF_T5, settings={"extra_ids": 100}),
    "Albert": Frame(
        BERT, *OF_BERT, normal=("quotes", "accents", "lower", "charsmap"),
        settings={"do_lower_case": True, "keep_accents": False},
    ),
    "Pegasus": Frame(
        PEGASUS, "A eos", "A B eos", before=("<pad>", "</s>", "<mask_1>", "<mask_2>", *UNUSED),
        dropped=2, normal=("charsmap or lines", "spaces"), words=False, unlikely=UNUSED,
    ),
    "MBart": Frame(
        ROBERTA, *LANGUAGE_LAST, before=FAIRSEQ, dropped=3, after=(*MBART, "<mask>"), normal=(),
        settings={"src_lang": "en_XX"}, mask=EATS_SPACE,
    ),
    "MBart50": Frame(
        ROBERTA, *LANGUAGE_FIRST, before=FAIRSEQ, dropped=3, after=(*MBART_50, "<mask>"),
        normal=("charsmap", "spaces"), words=False, settings={"src_lang": "en_XX"},
        mask=EATS_SPACE,
    ),
    "Nllb": Frame(
        ROBERTA, *LANGUAGE_FIRST, before=FAIRSEQ, dropped=3, after=(*NLLB, "<mask>"),
        normal=("charsmap", "spaces"), words=False, model=BPE, settings={"src_lang": "eng_Latn"},
        mask={"lstrip": True, "normalized": True},
    ),
    "Camembert": Frame(
        ROBERTA, *OF_ROBERTA, before=NOT_USED, dropped=1, after=("<mask>",),
        unlikely=NOT_USED[-1:], mask=EATS_SPACE,
    ),
    "XLMRoberta": Frame(ROBERTA, *OF_ROBERTA, before=FAIRSEQ, dropped=3, after=("<mask>",)),
    "DebertaV2": Frame(
        {**BERT, "unk_token": "[UNK]", "pad_token": "[PAD]"}, *OF_BERT,
        normal=("lower", "blanks"), words=False,
    ),
    "Gemma": Frame(GEMMA, *BEGIN, normal=("underlines",), words=False, model=BPE),
    "Llama": Frame(
        {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, *BEGIN, normal=(),
        words=False, model=BPE,
    ),
}  # fmt: skip

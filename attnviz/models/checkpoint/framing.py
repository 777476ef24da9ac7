"""A vocabulary of sentencepiece → the tokenizer of one of transformers' classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.models.checkpoint.added_tokens import SETTINGS, add_tokens, read_object
from attnviz.models.checkpoint.frames import FRAMES, LEAST, Frame
from attnviz.models.checkpoint.pieces import SPACE, halves
from attnviz.models.checkpoint.sentencepiece import BPE, CONTROL, USER_DEFINED, Pieces

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer

MOST_EXTRA = 1000  # of the marks that T5 counts from behind
A_BYTE = "<0x0A>"


def framed(pieces: Pieces, name: str, folder: Path) -> Tokenizer:
    """Build the tokenizer of the class of this name in FRAMES.

    Raises ValueError where the vocabulary is not for that class.
    """
    frame = FRAMES[name]
    if frame.model == BPE and pieces.model != BPE:
        raise ValueError(f"a {name}Tokenizer merges pieces, and its pieces are not for that")
    says = {**frame.settings, **_stated(folder)}
    extra = [f"<extra_id_{n}>" for n in reversed(range(_count(says.get("extra_ids", 0))))]
    vocabulary = [(piece, LEAST if piece in frame.unlikely else 0.0) for piece in frame.before]
    kept = zip(pieces.pieces, pieces.scores, strict=True)
    vocabulary += list(kept)[frame.dropped :]
    vocabulary += [(piece, 0.0) for piece in (*frame.after, *extra)]
    marks = {field: _content(says.get(field) or usual) for field, usual in frame.marks.items()}
    build = _merged if frame.model == BPE else _likeliest
    tokenizer = build(vocabulary, marks["unk_token"], name)
    tokenizer.normalizer = _normalizer(frame, pieces, says)
    _cut_at_spaces(tokenizer, frame, says, name)
    add_tokens(tokenizer, folder, [*_marks(frame, marks), *_whole(pieces, frame, extra)])
    _put_around(tokenizer, frame, marks, says)
    return tokenizer


def _stated(folder: Path) -> dict[str, Any]:
    """What the settings say; a field that is null says nothing."""
    return {k: value for k, value in read_object(folder / SETTINGS).items() if value is not None}


def _count(value: object) -> int:
    return min(value, MOST_EXTRA) if type(value) is int else 0


def _content(value: Any) -> str:
    return str(value.get("content") if isinstance(value, dict) else value)


def _likeliest(vocabulary: list[tuple[str, float]], unknown: str, _: str) -> Tokenizer:
    from tokenizers import Tokenizer
    from tokenizers.decoders import Metaspace
    from tokenizers.models import Unigram

    places = [n for n, (piece, _) in enumerate(vocabulary) if piece == unknown]
    if not places:
        raise ValueError(f"it has no {unknown}")
    tokenizer = Tokenizer(Unigram(vocabulary, places[0], byte_fallback=False))
    tokenizer.decoder = Metaspace(SPACE, "always")
    return tokenizer


def _merged(vocabulary: list[tuple[str, float]], unknown: str, name: str) -> Tokenizer:
    """Merges in the order of the pieces that they make."""
    from tokenizers import Tokenizer, models
    from tokenizers.decoders import ByteFallback, Fuse, Metaspace, Replace, Sequence, Strip

    ids = {piece: n for n, piece in enumerate(dict.fromkeys(piece for piece, _ in vocabulary))}
    pairs = [pair for piece in ids for pair in sorted(halves(piece, ids), key=lambda p: len(p[0]))]
    bytes_too = name != "Nllb"
    named = {} if name == "Llama" else {"unk_token": unknown}
    tokenizer = Tokenizer(models.BPE(ids, pairs, fuse_unk=True, byte_fallback=bytes_too, **named))
    steps = [Replace(SPACE, " "), ByteFallback(), Fuse()]
    steps += [Strip(" ", 1, 0)] if name == "Llama" else []
    tokenizer.decoder = Sequence(steps) if bytes_too else Metaspace(SPACE, "always")
    return tokenizer


def _normalizer(frame: Frame, pieces: Pieces, says: Mapping[str, Any]) -> Normalizer:
    from tokenizers.normalizers import Sequence

    return Sequence([step for name in frame.normal for step in STEPS[name](pieces, says)])


def _quotes(_: Pieces, __: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers.normalizers import Replace

    yield from (Replace("``", '"'), Replace("''", '"'))


def _accents(_: Pieces, says: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers.normalizers import NFKD, StripAccents

    if not says.get("keep_accents"):
        yield from (NFKD(), StripAccents())


def _lower(_: Pieces, says: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers.normalizers import Lowercase

    if says.get("do_lower_case"):
        yield Lowercase()


def _charsmap(pieces: Pieces, _: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers.normalizers import Precompiled

    if pieces.charsmap:
        yield Precompiled(pieces.charsmap)


def _charsmap_or_lines(pieces: Pieces, says: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers.normalizers import Replace

    yield from _charsmap(pieces, says) if pieces.charsmap else [Replace("\n", " ")]


def _spaces(_: Pieces, __: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers import Regex
    from tokenizers.normalizers import Replace

    yield Replace(Regex(" {2,}"), " ")


def _blanks(_: Pieces, __: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers import Regex
    from tokenizers.normalizers import NFC, Replace, Strip

    yield from (Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), NFC(), Strip(left=False, right=True))


def _underlines(_: Pieces, __: Mapping[str, Any]) -> Iterator[Normalizer]:
    from tokenizers.normalizers import Replace

    yield Replace(" ", SPACE)


STEPS: Mapping[str, Callable[[Pieces, Mapping[str, Any]], Iterator[Normalizer]]] = {
    "quotes": _quotes,
    "accents": _accents,
    "lower": _lower,
    "charsmap": _charsmap,
    "charsmap or lines": _charsmap_or_lines,
    "spaces": _spaces,
    "blanks": _blanks,
    "underlines": _underlines,
}


def _cut_at_spaces(tokenizer: Tokenizer, frame: Frame, says: Mapping[str, Any], name: str) -> None:
    from tokenizers.pre_tokenizers import Metaspace, Punctuation, Sequence, WhitespaceSplit

    if name == "Gemma":
        return
    prefix = says.get("add_prefix_space", True) is not False
    scheme = "always" if prefix else "first" if name == "DebertaV2" else "never"
    if name == "Llama" and prefix and not says.get("legacy"):
        scheme = "first"
    steps: list[PreTokenizer] = [WhitespaceSplit()] if frame.words else []
    steps += [Punctuation("isolated")] if says.get("split_by_punct") else []
    tokenizer.pre_tokenizer = Sequence([*steps, Metaspace(SPACE, scheme, split=name != "Llama")])


def _marks(frame: Frame, marks: Mapping[str, str]) -> Iterator[AddedToken]:
    from tokenizers import AddedToken

    for field, content in marks.items():
        flags = {"normalized": False, **(frame.mask if field == "mask_token" else {})}
        yield AddedToken(content, special=True, **flags)


def _whole(pieces: Pieces, frame: Frame, extra: list[str]) -> Iterator[AddedToken]:
    """What stands whole wherever a text has it: marks, and what a user defined."""
    from tokenizers import AddedToken

    for piece, kind in zip(pieces.pieces, pieces.kinds, strict=True):
        if kind in (CONTROL, USER_DEFINED):
            yield AddedToken(piece, special=kind == CONTROL, normalized=False)
    for piece in (*frame.unlikely, *frame.after, *extra):
        yield AddedToken(piece, special=True, normalized=False)


def _put_around(
    tokenizer: Tokenizer, frame: Frame, marks: Mapping[str, str], says: Mapping[str, Any]
) -> None:
    """Put the marks of the frame around a text, and around two."""
    from tokenizers.processors import TemplateProcessing

    named = {field.removesuffix("_token"): mark for field, mark in marks.items()}
    named["language"] = str(says.get("src_lang"))
    named["begin"] = named.get("bos", "") if says.get("add_bos_token") else ""
    named["end"] = named.get("eos", "") if says.get("add_eos_token") else ""
    templates = [[_part(word, named) for word in says_.split()] for says_ in (frame.one, frame.two)]
    one, two = ([part for part in template if part] for template in templates)
    used = {part.rpartition(":")[0] for part in (*one, *two)}
    ids = [(mark, tokenizer.token_to_id(mark)) for mark in used if not mark.startswith("$")]
    tokenizer.post_processor = TemplateProcessing(single=one, pair=two, special_tokens=ids)


def _part(word: str, named: Mapping[str, str]) -> str:
    """A word of a frame as the library writes it: with its segment, "" for none."""
    name, _, segment = word.partition(":")
    if name in ("A", "B"):
        return f"${name}:{segment or 0}"
    return f"{named[name]}:{segment or 0}" if named[name] else ""

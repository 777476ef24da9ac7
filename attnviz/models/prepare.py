"""Inputs → what a checkpoint runs on: texts cut by its own tokenizer, or ready ids, checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attnviz.digits import grouped
from attnviz.errors import AttnvizError, bad_choice
from attnviz.inputs.image import regridded
from attnviz.inputs.text import TOKENIZERS, encode, from_ids, open_tokenizer
from attnviz.inputs.tokens import Tokens, from_labels
from attnviz.inputs.where import Boxes
from attnviz.models.checkpoint.speech import read_speech
from attnviz.models.hear import hear
from attnviz.models.layers import Floats
from attnviz.models.model import AUDIO, IMAGE, SOURCE, TEXT, Inputs, Prepared
from attnviz.models.network.embeddings import Embeddings
from attnviz.models.network.pooling import PROBE
from attnviz.models.network.seeing_decoder import SeeingDecoder
from attnviz.models.network.stages import Stages
from attnviz.models.see import see, seen_whole

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from attnviz.models.trained import TrainedModel

UNKNOWN = ("[UNK]", "<unk>")  # what stands for a word that a tokenizer does not know
# The codes that translation models put before a text: __en__ (M2M-100), en_XX, eng_Latn (NLLB).
MOST_LANGUAGES = 6  # that are named where one is not known
LANGUAGE = re.compile(r"__[a-z]{2,3}__|[a-z]{2,3}_[A-Za-z]{2,4}")


def prepare(model: TrainedModel, inputs: Inputs) -> Prepared:
    """Read the inputs of every role that the model has, and check them against its embeddings."""
    _check_together(model, inputs)
    given = _given(model, inputs) if model.is_two else model.roles
    roles = [role for role in given if role in READERS]
    whole = tokens = {role: READERS[role](model, inputs) for role in roles}
    if inputs.truncate:
        limits = {role: model.network.limits(role).n_positions for role in roles}
        tokens = {role: READERS[role](model, inputs, limits[role]) for role in roles}
    for role in roles:
        _check(model, tokens[role], role)
    is_cut = any(len(tokens[role]) != len(whole[role]) for role in roles)
    notes = tuple(note for role in roles for note in _unknown(model, tokens[role]))
    features: dict[str, Floats] = {}
    for role, read in FEATURES.items():
        if role in given:
            tokens[role], features[role] = read(model, inputs)
            if model.network.tower(role).pool is not None:
                tokens[PROBE] = from_labels(["[PROBE]"])
    if IMAGE in features:
        notes += seen_whole(model)
    network = model.network
    if isinstance(network, Stages):
        for tower, grid in zip(network.towers[1:], network.grids[1:], strict=True):
            tokens[tower.role] = regridded(tokens[IMAGE], grid)
    if model.image_token is not None:
        tokens[TEXT] = _with_patches(model, tokens[TEXT], tokens.get(IMAGE), inputs.n_prompt)
        _check(model, tokens[TEXT], TEXT)
    return Prepared(
        tokens, features, cut_to=model.n_positions if is_cut else None, notes=notes,
        n_prompt=inputs.n_prompt, parts=_parts(model, tokens, inputs.n_prompt),
    )  # fmt: skip


def _parts(
    model: TrainedModel, tokens: Mapping[str, Tokens], n_prompt: int | None
) -> dict[str, tuple[int, int]]:
    """The picture among the words of the prompt, and what stands before and behind it."""
    if model.image_token is None or IMAGE not in tokens or TEXT not in tokens:
        return {}
    ids = tokens[TEXT].ids[:n_prompt]
    there = np.flatnonzero(ids == model.image_token)
    first, last = int(there[0]), int(there[-1]) + 1
    parts = {"before": (0, first), "image": (first, last), "prompt": (last, len(ids))}
    return {name: span for name, span in parts.items() if span[0] < span[1]}


def _given(model: TrainedModel, inputs: Inputs) -> list[str]:
    """The roles of two towers that something was given for."""
    there = {TEXT: inputs.text is not None or inputs.ids is not None,
             IMAGE: inputs.image is not None}  # fmt: skip
    found = [role for role in model.roles if there.get(role)]
    if model.image_token is not None and TEXT not in found:
        raise AttnvizError(
            f"{model.name} ({model.family}) writes about a picture what a text asks.",
            "Give a text.",
            key="err.writes_about",
            model=model.name,
            family=model.family,
        )
    if not found:
        raise AttnvizError(
            f"{model.name} ({model.family}) reads a text or a picture, and there is neither.",
            "Give a text, an `image`, or both.",
            key="err.reads_text",
            model=model.name,
            family=model.family,
        )
    return found


def _with_patches(
    model: TrainedModel, text: Tokens, image: Tokens | None, n_prompt: int | None
) -> Tokens:
    """The text with a token for each patch of the picture: in the place of the one image token that
    its prompt has, or before its words."""
    token = model.image_token
    assert token is not None  # the caller made sure
    there = np.flatnonzero(text.ids[:n_prompt] == token)
    if image is None:
        if len(there):
            raise AttnvizError(
                "The text has a place for a picture, and there is none.",
                "Give an `image`.",
                key="err.text_place",
            )
        return text
    patches = _image_tokens(model, image)
    if len(there) == len(patches):
        return _as_patches(text, there, patches)
    if len(there) > 1:
        raise AttnvizError(
            f"The text has places for {len(there)} pictures or patches, and the picture has "
            f"{len(patches)} patches.",
            "Write the image token once: it stands for the whole picture.",
            key="err.text_places",
            n=len(there),
            n2=len(patches),
        )
    begins = int(text.special[0]) if not len(there) else int(there[0])
    stops = begins + len(there)
    order = [*range(begins), *[begins] * len(patches), *range(stops, len(text))]
    ids = np.asarray(text.ids)[order].copy()
    places = np.arange(begins, begins + len(patches))
    ids[places] = token
    return _as_patches(replace(text.at(np.array(order)), ids=ids), places, patches)


def with_picture(model: TrainedModel, text: str, tokenizer: Tokenizer) -> tuple[str, bool]:
    """Write the picture into the text of a model that reads it among words, as its processor does,
    where the tokenizer knows the marks; say whether the tokenizer's own frame is still to come."""
    marks = model.network.marks if isinstance(model.network, SeeingDecoder) else None
    token = None if model.image_token is None else tokenizer.id_to_token(model.image_token)
    if marks is None or token is None or token not in marks.whole:
        return text, True
    return marks.placed(text), marks.framed


def _image_tokens(model: TrainedModel, image: Tokens) -> Tokens:
    """What the decoder reads of the picture: its patches, or squares of them."""
    network, where = model.network, image.where
    assert isinstance(network, SeeingDecoder)  # it has an image token
    assert isinstance(where, Boxes)  # they are patches
    grid = network.projector.grid(where.grid)
    if grid != where.grid:
        return regridded(image, grid)
    return image.at(np.arange(network.projector.dropped, len(image)))


def _as_patches(text: Tokens, places: np.ndarray, patches: Tokens) -> Tokens:
    """Name these tokens of a text by the patches that they stand for."""
    labels, pieces = list(text.labels), list(text.pieces)
    spans, special = text.spans.copy(), text.special.copy()
    for place, label in zip(places.tolist(), patches.labels, strict=True):
        labels[place] = pieces[place] = label
    spans[places], special[places] = 0, False
    return replace(text, labels=tuple(labels), pieces=tuple(pieces), spans=spans, special=special)


def _unknown(model: TrainedModel, tokens: Tokens) -> list[str]:
    """Name the words that the model reads as one and the same, for it does not know them."""
    namer = model.namer
    if namer is None:
        return []
    numbers = [namer.token_to_id(mark) for mark in UNKNOWN]
    unknown = np.isin(tokens.ids, [n for n in numbers if n is not None]) & ~tokens.special
    words = [tokens.labels[i] for i in np.flatnonzero(unknown).tolist()]
    if not words:
        return []
    listed = " ".join(dict.fromkeys(words))[:200]
    if len(words) == 1:
        return [f"1 token is unknown to {model.name}: {listed}."]
    return [f"{len(words)} tokens are unknown to {model.name}: {listed}."]


def _check_together(model: TrainedModel, inputs: Inputs) -> None:
    """Refuse what the model does not read, and what cannot be given together."""
    whose = f"{model.name} ({model.family})"
    if inputs.pair is not None and "pair" not in model.reads:
        raise AttnvizError(
            f"{whose} takes one text.",
            "`pair` is for encoders, like BERT.",
            key="err.takes_text",
            whose=whose,
        )
    if inputs.source is not None and not model.reads_source:
        raise AttnvizError(
            f"{whose} reads one text, and a source was given.",
            "Leave the source out, or choose an encoder-decoder.",
            key="err.reads_text_source",
            whose=whose,
        )
    inputs.refuse_unread(model.reads, whose)
    for given, ready, what in (
        (inputs.text, inputs.ids, "A text and `ids`"),
        (inputs.source, inputs.source_ids, "A source and `source_ids`"),
    ):
        if given is not None and ready is not None:
            raise AttnvizError(
                f"{what} were both given.", "Give one of them.", key="err.both_given", what=what
            )
    n_prompt = inputs.n_prompt
    if n_prompt is not None and (type(n_prompt) is not int or n_prompt < 0):
        what = "`n_prompt`"
        raise AttnvizError(
            f"The {what} is {n_prompt!r}.",
            "It must be a whole number.",
            key="err.must_whole",
            what=what,
            value=repr(n_prompt),
        )
    if inputs.ids is not None and inputs.pair is not None:
        raise AttnvizError(
            "`pair` and `ids` were both given.", "Give two texts, or ids.", key="err.pair_ids"
        )


def read_text(model: TrainedModel, inputs: Inputs, limit: int | None = None) -> Tokens:
    """Cut the text that the model is fed, to `limit` tokens where one is given; a decoder beside
    an encoder is fed its start token first, and not the last token."""
    if inputs.ids is not None:
        return _cut(from_ids(inputs.ids, _tokenizer_for_ids(model, inputs)), limit)
    if inputs.text is None and AUDIO in model.roles:
        return from_ids(read_speech(model).prompt(), _tokenizer_for_ids(model, inputs))
    if inputs.text is None and model.describes:
        return from_ids([_first(model)], _tokenizer_for_ids(model, inputs))
    text, tokenizer = inputs.require_text(), _tokenizer(model, inputs)
    if inputs.image is not None:
        text, framed = with_picture(model, text, tokenizer)
        if not framed:
            return _cut(encode(tokenizer, text, special=False), limit)
    tokens = _encode(tokenizer, text, inputs.pair, inputs.target_lang, "text", limit)
    if model.type == "cross":
        tokens = _for_decoder(model, tokens, tokenizer)
    return _filled(model, _cut(tokens, limit), tokenizer)


def _filled(model: TrainedModel, tokens: Tokens, tokenizer: Tokenizer) -> Tokens:
    """Fill a short text up with padding, where the model was trained on such texts alone."""
    begin = model.network.tower(TEXT).embeddings
    if not isinstance(begin, Embeddings) or begin.filled_with is None:
        return tokens
    n_missing = (begin.limits.n_positions or 0) - len(tokens)
    return _between([], tokens, [begin.filled_with] * max(n_missing, 0), tokenizer)


def read_source(model: TrainedModel, inputs: Inputs, limit: int | None = None) -> Tokens:
    """Cut what an encoder-decoder's encoder reads, to `limit` tokens where one is given."""
    if inputs.source_ids is not None:
        return _cut(from_ids(inputs.source_ids, _tokenizer_for_ids(model, inputs)), limit)
    if inputs.source is None:
        raise AttnvizError(
            f"{model.name} ({model.family}) has an encoder, and there is no source to read.",
            "Give a `source`.",
            key="err.encoder_no",
            model=model.name,
            family=model.family,
        )
    tokenizer = _tokenizer(model, inputs, source=True)
    tokens = _encode(tokenizer, inputs.source, None, inputs.source_lang, "source", limit)
    return _cut(tokens, limit)


READERS: Mapping[str, Callable[..., Tokens]] = {TEXT: read_text, SOURCE: read_source}
FEATURES: Mapping[str, Callable[..., tuple[Tokens, Floats]]] = {AUDIO: hear, IMAGE: see}


def _encode(
    tokenizer: Tokenizer, text: str, pair: str | None, language: str | None, what: str,
    limit: int | None,
) -> Tokens:  # fmt: skip
    """Cut a text, or a pair of texts, as the model was trained to. language: the code that a
    translation model puts before a text (ary_Arab …)."""
    tokenizer.no_truncation()
    if limit is not None:
        tokenizer.enable_truncation(limit if language is None else max(limit - 2, 1))
    if language is not None:
        return _in_language(tokenizer, text, language, what)
    return encode(tokenizer, text, pair, what=what)


def _cut(tokens: Tokens, limit: int | None) -> Tokens:
    """Keep the first `limit` tokens."""
    if limit is None or len(tokens) <= limit:
        return tokens
    return tokens.at(np.arange(limit))


def _tokenizer(model: TrainedModel, inputs: Inputs, *, source: bool = False) -> Tokenizer:
    """Open the tokenizer that was given, or the model's own. source: for what is translated."""
    file = inputs.tokenizer
    if file in TOKENIZERS:
        raise AttnvizError(
            f"`tokenizer` {file} is for the built-in heads: {model.name} has its own.",
            "Leave it out, or give a tokenizer.json.",
            key="err.tokenizer_built",
            place=file,
            model=model.name,
        )
    if file is not None:
        return open_tokenizer(Path(file))
    return model.source_tokenizer if source else model.tokenizer


def _tokenizer_for_ids(model: TrainedModel, inputs: Inputs) -> Tokenizer | None:
    """Open the tokenizer that names ready ids; None where the model has none."""
    if inputs.tokenizer is not None:
        return open_tokenizer(Path(inputs.tokenizer))
    try:
        return model.tokenizer
    except AttnvizError:  # ids need no tokenizer: their numbers stand for them
        return None


def _first(model: TrainedModel) -> int:
    """The token that a decoder begins with, where it is fed nothing else."""
    for name in ("decoder_start_token_id", "bos_token_id"):
        if isinstance(model.writing.get(name), int):
            return int(model.writing[name])
    raise AttnvizError(
        f"{model.name} does not say which token its decoder begins with.",
        "Give a text, or `ids`.",
        key="err.does_not_say_token",
        model=model.name,
    )


def _for_decoder(model: TrainedModel, tokens: Tokens, tokenizer: Tokenizer) -> Tokens:
    """Put the start token first and leave the last special token out, as in training."""
    start = model.writing.get("decoder_start_token_id")
    start = model.writing.get("bos_token_id") if start is None else start
    if not isinstance(start, int):
        return tokens
    n_kept = len(tokens) - bool(tokens.special[-1] and len(tokens) > 1)
    if tokens.ids[0] == start or _begins_with_language(model, tokens, tokenizer):
        # Whisper's tokenizers put it there themselves; mBART's decoder starts with the language.
        return tokens.at(np.arange(n_kept))
    return _between([start], tokens.at(np.arange(n_kept)), [], tokenizer)


def _check(model: TrainedModel, tokens: Tokens, what: str) -> None:
    """Refuse ids without an embedding, and more tokens than there are positions."""
    largest, (n_ids, limit) = int(tokens.ids.max()), model.network.limits(what)
    if largest >= n_ids:
        raise AttnvizError(
            f"The token id {largest} has no embedding: {model.name} has {grouped(n_ids)}.",
            "The tokenizer belongs to another model: give the right `tokenizer`.",
            key="err.token_id",
            largest=largest,
            model=model.name,
            n_ids=n_ids,
        )
    if limit is not None and len(tokens) > limit:
        raise AttnvizError(
            f"The {what} has {grouped(len(tokens))} tokens and {model.name} has positions for "
            f"{grouped(limit)}.",
            "Give a shorter one, or `truncate` to cut it.",
            key="err.too_long",
            n_tokens=len(tokens),
            limit_tokens=limit,
            option="`truncate`",
        )


def language_id(tokenizer: Tokenizer, language: str) -> int:
    """Return the id of a translation model's code for a language ("ary_Arab"); AttnvizError names
    the nearest codes where it has none like it."""
    added = tokenizer.get_added_tokens_decoder().items()
    known = {token.content: i for i, token in added if LANGUAGE.fullmatch(token.content)}
    for code in (language, f"__{language}__"):
        if code in known:
            return int(known[code])
    if not known:
        raise AttnvizError(
            f'A language, "{language}", was given, and the vocabulary has no codes of languages.',
            "Leave it out, or take a translation model (NLLB, M2M-100, mBART).",
            key="err.language_given",
            language=language,
        )
    raise bad_choice(language, "a language of this model", sorted(known), most=MOST_LANGUAGES)


def _in_language(tokenizer: Tokenizer, text: str, language: str, what: str) -> Tokens:
    """Cut a text and frame it as [language] text </s>, as M2M-100, mBART-50 and NLLB read it, or
    as text </s> [language] for mBART's encoder."""
    first = language_id(tokenizer, language)
    last = tokenizer.token_to_id("</s>")
    if last is None:
        raise AttnvizError(
            "The tokenizer has no </s>, which ends a text in a language.",
            "Leave the language out, or give another tokenizer.",
            key="err.tokenizer_no",
        )
    tokens = encode(tokenizer, text, special=False, what=what)
    if what == "source" and _has_language_last(tokenizer):
        return _between([], tokens, [last, first], tokenizer)
    return _between([first], tokens, [last], tokenizer)


def _has_language_last(tokenizer: Tokenizer) -> bool:
    """Whether a text's language stands behind it, as in mBART with 25 languages."""
    frame = tokenizer.encode("").tokens
    return len(frame) > 1 and LANGUAGE.fullmatch(frame[-1]) is not None


def _begins_with_language(model: TrainedModel, tokens: Tokens, tokenizer: Tokenizer) -> bool:
    """Whether the decoder's text begins with the language that stands last elsewhere (mBART)."""
    first = tokenizer.id_to_token(int(tokens.ids[0])) or ""
    is_code = LANGUAGE.fullmatch(first) is not None and bool(tokens.special[0])
    return is_code and model.family == "mbart" and _has_language_last(tokenizer)


def _between(
    before: Sequence[int], tokens: Tokens, after: Sequence[int], tokenizer: Tokenizer
) -> Tokens:
    """Put special tokens around the tokens of one text, by their ids, before and after."""
    added = from_ids([*before, *after], tokenizer)
    n = len(before)
    no_span = np.zeros((len(added), 2), dtype=np.int64)
    flags = np.ones(len(added), dtype=np.bool_)
    return replace(
        tokens,
        ids=np.concatenate([added.ids[:n], tokens.ids, added.ids[n:]]),
        labels=(*added.labels[:n], *tokens.labels, *added.labels[n:]),
        pieces=(*added.pieces[:n], *tokens.pieces, *added.pieces[n:]),
        spans=np.concatenate([no_span[:n], tokens.spans, no_span[n:]]),
        special=np.concatenate([flags[:n], tokens.special, flags[n:]]),
    )

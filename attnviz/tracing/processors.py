"""What changes the scores of the next token before one is chosen, as transformers does it.

Each processor takes the ids so far (tokens,) and the scores of all ids (ids,), and returns scores.
Rules and their order: generation/logits_process.py of transformers 5, and GenerationMixin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.models.checkpoint.generation import Generation
from attnviz.models.layers import Floats
from attnviz.models.network.prediction_head import log_softmax, softmax

Ids = NDArray[np.int64]
Processor = Callable[[Ids, Floats], Floats]

BANNED = -np.inf


def processors(
    asked: Generation, n_prompt: int, max_length: int, source: Sequence[int] = ()
) -> list[Processor]:
    """List what changes the scores, in the order of transformers.

    n_prompt: tokens before the first new one. max_length: of prompt and new tokens together.
    source: what an encoder read. Those that only concern sampling come last.
    """
    found = [*_of_repetition(asked, source), *_of_length(asked, n_prompt, max_length)]
    found += _of_choice(asked, n_prompt)
    if asked.do_sample:
        found += _of_sampling(asked)
    if asked.renormalize_logits:
        found.append(lambda _, scores: log_softmax(scores))
    return found


def process(listed: Sequence[Processor], ids: Ids, scores: Floats) -> Floats:
    """Pass scores (ids,) through every processor."""
    for each in listed:
        scores = each(ids, scores)
    return scores


def _of_repetition(asked: Generation, source: Sequence[int]) -> Iterator[Processor]:
    encoder = np.array(source, dtype=np.int64)
    if asked.encoder_repetition_penalty != 1 and len(source):
        weaker = 1 / asked.encoder_repetition_penalty
        yield lambda _, scores: penalised(encoder, scores, weaker)
    if asked.repetition_penalty != 1:
        yield lambda ids, scores: penalised(ids, scores, asked.repetition_penalty)
    if asked.no_repeat_ngram_size:
        n = asked.no_repeat_ngram_size
        yield lambda ids, scores: banned(scores, followers(ids, ids, n))
    if asked.encoder_no_repeat_ngram_size and len(source):
        m = asked.encoder_no_repeat_ngram_size
        yield lambda ids, scores: banned(scores, followers(encoder, ids, m))
    words = [word for word in asked.bad_words_ids if word not in {(i,) for i in asked.eos_token_id}]
    if words:
        yield lambda ids, scores: banned(scores, endings(words, ids))


def _of_length(asked: Generation, n_prompt: int, max_length: int) -> Iterator[Processor]:
    eos = asked.eos_token_id
    shortest = max(asked.min_length, n_prompt + asked.min_new_tokens if asked.min_new_tokens else 0)
    if shortest and eos:
        yield lambda ids, scores: banned(scores, eos) if len(ids) < shortest else scores
    if asked.forced_bos_token_id is not None:
        first = (asked.forced_bos_token_id,)
        yield lambda ids, scores: only(scores, first) if len(ids) == 1 else scores
    if asked.forced_eos_token_id:
        last = asked.forced_eos_token_id
        yield lambda ids, scores: only(scores, last) if len(ids) == max_length - 1 else scores


def _of_choice(asked: Generation, n_prompt: int) -> Iterator[Processor]:
    if asked.remove_invalid_values:
        yield lambda _, scores: finite(scores)
    if asked.suppress_tokens:
        yield lambda _, scores: banned(scores, asked.suppress_tokens)
    if asked.begin_suppress_tokens:
        forced = n_prompt == 1 and asked.forced_bos_token_id is not None
        begin = n_prompt + forced
        yield (
            lambda ids, scores: (
                banned(scores, asked.begin_suppress_tokens) if len(ids) == begin else scores
            )
        )


def _of_sampling(asked: Generation) -> Iterator[Processor]:
    least = 1 + len(asked.eos_token_id) if asked.num_beams > 1 else 1
    if asked.temperature != 1:
        yield lambda _, scores: scores / scores.dtype.type(asked.temperature)
    if asked.top_k:
        yield lambda _, scores: top_k(scores, max(asked.top_k, least))
    if asked.top_p < 1:
        yield lambda _, scores: top_p(scores, asked.top_p, least)
    if asked.min_p is not None:
        smallest = asked.min_p
        yield lambda _, scores: min_p(scores, smallest, least)


def penalised(ids: Ids, scores: Floats, penalty: float) -> Floats:
    """Make ids that were used less likely: scores below 0 times the penalty, others by it (Keskar
    et al. 2019)."""
    used = np.unique(ids)
    found, factor = scores.copy(), scores.dtype.type(penalty)
    found[used] = np.where(scores[used] < 0, scores[used] * factor, scores[used] / factor)
    return found


def followers(among: Ids, ids: Ids, n: int) -> list[int]:
    """Return ids that came in `among` after the last n - 1 of `ids`."""
    if len(ids) + 1 < n or len(among) < n:
        return []
    last = ids[len(ids) - n + 1 :]
    windows = np.lib.stride_tricks.sliding_window_view(among, n)
    found: list[int] = windows[(windows[:, : n - 1] == last).all(axis=1), -1].tolist()
    return found


def endings(words: Sequence[tuple[int, ...]], ids: Ids) -> list[int]:
    """Return last ids of the words all but the last of whose ids have just come."""
    return [
        word[-1] for word in words
        if len(word) - 1 <= len(ids) and (ids[len(ids) - len(word) + 1 :] == word[:-1]).all()
    ]  # fmt: skip


def banned(scores: Floats, ids: Sequence[int]) -> Floats:
    """Make these ids impossible; ids past the vocabulary are passed over."""
    found = scores.copy()
    found[[i for i in ids if i < len(scores)]] = BANNED
    return found


def only(scores: Floats, ids: Sequence[int]) -> Floats:
    """Make all ids but these impossible."""
    found = np.full_like(scores, BANNED)
    found[list(ids)] = 0
    return found


def finite(scores: Floats) -> Floats:
    """Replace NaN by 0 and infinities by the largest numbers."""
    limit = np.finfo(scores.dtype)
    return np.nan_to_num(scores, nan=0.0, posinf=float(limit.max), neginf=float(limit.min))


def top_k(scores: Floats, k: int) -> Floats:
    """Keep the k largest scores, and those that tie with the k-th."""
    k = min(k, len(scores))
    smallest = np.partition(scores, -k)[-k]
    return np.where(scores < smallest, scores.dtype.type(BANNED), scores)


def top_p(scores: Floats, p: float, least: int = 1) -> Floats:
    """Keep the likeliest ids that together reach p (Holtzman et al. 2019), `least` of them at
    least."""
    order = np.argsort(scores, kind="stable")
    sums = np.cumsum(softmax(scores[order]).astype(scores.dtype))
    removed = order[: len(order) - least][sums[: len(order) - least] <= scores.dtype.type(1 - p)]
    return banned(scores, removed.tolist())


def min_p(scores: Floats, p: float, least: int = 1) -> Floats:
    """Keep ids with at least p times the probability of the likeliest (arXiv 2407.01082)."""
    shares = softmax(scores).astype(scores.dtype)
    removed = shares < scores.dtype.type(p) * shares.max()
    removed[np.argsort(-shares, kind="stable")[:least]] = False
    return np.where(removed, scores.dtype.type(BANNED), scores)

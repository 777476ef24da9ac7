"""How long attention takes here: run through the recorder, each length a few times."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from attnviz.analysis.cost import FLOAT, Layers, Predicted, Report, Series, Timed, crossing, predict
from attnviz.attention.masks import global_
from attnviz.attention.rules import Rule
from attnviz.digits import grouped
from attnviz.errors import AttnvizError
from attnviz.files.tensors import FLOATS, float_dtype
from attnviz.frozen import dataclass
from attnviz.inputs.text import from_ids
from attnviz.inputs.tokens import Tokens
from attnviz.models.model import SOURCE, TEXT, Attend, Layout, Prepared, StackShape
from attnviz.tracing.doors import Stopwatch, with_stopwatch
from attnviz.tracing.memory import default_budget
from attnviz.tracing.recorder import Floats, Recorder

if TYPE_CHECKING:
    from attnviz.models.trained import TrainedModel

MOST_RUNS = 5
PROBE, MODEL_PROBE = 512, 64  # tokens of the run that tells how long others will take
GUESS = 1e-10  # seconds for a multiply-add, only so as not to begin what is far too large
INPUTS = 6  # arrays of all tokens: queries, keys, values, two copies that BLAS wants, the output
SAVED = 8  # the part of the time left that the runs of one length may take, others coming
FIRST, LAST = 32, 1024  # lengths that a model is run at unless asked, as far as it has positions


class Spent(NamedTuple):
    """The seconds of one run: in attention, and outside of it."""

    attention: float
    rest: float | None = None

    @property
    def total(self) -> float:
        """All of them."""
        return self.attention + (self.rest or 0)


Run = Callable[[int], Spent]  # from a number of tokens
Tell = Callable[[int, int, str], None]  # steps done, steps in all, what comes now


def quiet(done: int, total: int, what: str) -> None:
    """Report to nobody."""


def unchanged(attend: Attend) -> Attend:
    """Return the door as it is."""
    return attend


@dataclass(frozen=True)
class Conditions:
    """Hold what times depend on.

    clock: the time in seconds. budget: bytes of memory for weights; what is free unless given.
    door: a function Attend → Attend that every run passes, inside the stopwatch.
    """

    clock: Callable[[], float] = perf_counter
    budget: int | None = None
    door: Callable[[Attend], Attend] = unchanged

    def holds(self, n_bytes: int) -> bool:
        """Say whether so much fits the memory."""
        return n_bytes <= (default_budget() if self.budget is None else self.budget)


USUAL = Conditions()


def of_types(
    rules: Mapping[str, Rule], lengths: Sequence[int], n_heads: int, head_dim: int,
    settings: Mapping[str, Any], *, seconds: float = 0, tell: Tell = quiet,
    conditions: Conditions = USUAL,
) -> Report:  # fmt: skip
    """Report the cost of types of attention, each by its mask.

    seconds: how long all runs together may take, 0 to count only. lengths: rising. conditions: the
    clock, the memory and the door.
    """
    layers = {name: Layers(rule, n_heads, head_dim) for name, rule in rules.items()}
    points = {
        name: tuple(predict([one], length) for length in lengths) for name, one in layers.items()
    }
    way = _way([p for listed in points.values() for p in listed], conditions) if seconds else ""
    times: dict[str, tuple[Timed, ...]] = dict.fromkeys(layers, (Timed(),) * len(lengths))
    if way:
        times |= _times(layers, points, way, seconds, tell, conditions)
    series = tuple(Series(name, (layers[name],), points[name], times[name]) for name in layers)
    return Report(series, settings, way)


def _times(
    layers: Mapping[str, Layers], points: Mapping[str, tuple[Predicted, ...]], way: str,
    seconds: float, tell: Tell, conditions: Conditions,
) -> dict[str, tuple[Timed, ...]]:  # fmt: skip
    """Run each type in turn, the quickest first: what is left of their time goes to the others."""
    clock, times = conditions.clock, dict[str, tuple[Timed, ...]]()
    start = clock()
    for i, name in enumerate(sorted(layers, key=lambda name: points[name][-1].work)):
        one, n = layers[name], len(points[name])
        run = attention_run(one, conditions, kept=way == "kept")
        probe = predict([one], min(PROBE, points[name][-1].length))
        room = _Room(way, INPUTS * one.n_heads * one.head_dim * FLOAT, conditions)
        share = (seconds - (clock() - start)) / (len(layers) - i)
        stage = _Stage(share, tell, i * n, len(layers) * n, name)
        times[name] = _time_points(run, points[name], probe, room, stage)
    return times


def of_model(
    model: TrainedModel, lengths: Sequence[int] | None = None, *,
    global_tokens: Sequence[int] | None = None, seconds: float = 0, tell: Tell = quiet,
    conditions: Conditions = USUAL,
) -> Report:  # fmt: skip
    """Report the cost of a checkpoint's attention, and of its linear maps beside it.

    An encoder and a decoder read texts of one length. Raises AttnvizError for lengths that it has
    no positions for, and for a model of pictures or sounds.
    """
    _check_reads(model)
    lengths = _lengths(model, lengths)
    chosen = (0,) if global_tokens is None else tuple(global_tokens)
    layers = _layers(model, chosen if model.has_global_tokens else ())
    per_token = model.multiply_adds_per_token
    points = tuple(predict(layers, length, per_token) for length in lengths)
    way = _way(points, conditions) if seconds else ""
    times: tuple[Timed, ...] = (Timed(),) * len(lengths)
    if way:
        run = model_run(model, chosen, conditions, kept=way == "kept")
        probe = predict(layers, min(MODEL_PROBE, lengths[-1]), per_token)
        stage = _Stage(seconds, tell, 0, len(lengths), model.name)
        times = _time_points(run, points, probe, _Room(way, 0, conditions), stage)
    about = model.about()
    told = {name: about[name] for name in ("name", "model_type", "parameters", "positions")}
    told |= {"per_token": per_token, "crossing": crossing(layers, per_token)}
    series = Series(model.name, layers, points, times)
    settings = {"global_tokens": list(chosen)} if model.has_global_tokens else {}
    return Report((series,), settings, way, told)


def _check_reads(model: TrainedModel) -> None:
    """Refuse a model whose lengths are not free: a picture or a sound decides them."""
    if not _texts_alone(model) or (model.type == "cross" and SOURCE not in model.roles):
        raise AttnvizError(
            f"{model.name} ({model.family}) reads pictures or sounds, whose size is its own.",
            "Costs are counted over lengths of texts: leave `model` out, or give one of texts.",
            key="err.reads_pictures",
            model=model.name,
            family=model.family,
        )


def _texts_alone(model: TrainedModel) -> dict[str, Layout]:
    """The stacks that a text alone is read with."""
    texts = (TEXT, SOURCE)
    return {
        name: layout
        for name, layout in model.layouts.items()
        if layout.queries in texts and layout.keys in texts
    }


def _lengths(model: TrainedModel, asked: Sequence[int] | None) -> Sequence[int]:
    limit = model.n_positions
    if asked is None:
        usual = [n for n in (FIRST << i for i in range(32)) if n <= min(limit or LAST, LAST)]
        return usual or [limit or LAST]
    if limit is not None and asked[-1] > limit:
        raise AttnvizError(
            f"The length {grouped(asked[-1])} is more than {model.name} has positions for: "
            f"{grouped(limit)}.",
            "Give shorter `lengths`.",
            key="err.too_long",
            n_tokens=asked[-1],
            limit_tokens=limit,
            option="`lengths`",
        )
    return asked


def _layers(model: TrainedModel, seen_by_all: Sequence[int]) -> tuple[Layers, ...]:
    """List the layers of every stack, those with one mask together."""
    kept = ("self",) if model.type == "causal" else ("decoder", "cross")
    dtypes = Counter[str]()
    for entry in model.tensors.values():
        dtypes[entry.dtype] += entry.n_bytes
    most = dtypes.most_common(1)[0][0]
    number = float_dtype(most if most in FLOATS else "F16").itemsize  # a cache is never packed
    return tuple(
        Layers(
            rule | global_(seen_by_all) if seen_by_all and layout.has_global_tokens else rule,
            layout.n_heads,
            head_dim,
            n_layers,
            n_key_heads,
            number if name in kept else 0,
        )
        for name, layout in _texts_alone(model).items()
        for (rule, (n_key_heads, head_dim)), n_layers in Counter(
            zip(layout.masks, layout.each_size, strict=True)
        ).items()
    )


# Running -------------------------------------------------------------------------------------


def attention_run(layers: Layers, conditions: Conditions, *, kept: bool) -> Run:
    """Make a run of one layer through the recorder, on random queries, keys and values."""

    @lru_cache(maxsize=1)
    def inputs(length: int) -> tuple[Tokens, list[Floats]]:
        draw = np.random.default_rng(0).standard_normal
        shape = (layers.n_heads, length, layers.head_dim)
        return from_ids([0] * length), [draw(shape, dtype=np.float32) for _ in range(3)]

    def run(length: int) -> Spent:
        tokens, qkv = inputs(length)
        n, watch = layers.n_heads, Stopwatch()
        shape = StackShape(tokens, tokens, Layout(n, n, layers.head_dim, (layers.rule,)))
        recorder = Recorder({"self": shape}, budget=_budget(kept))
        door = with_stopwatch(conditions.door(recorder.attend), watch, conditions.clock)
        door("self", *qkv, mask=layers.rule)
        return Spent(watch.seconds)

    return run


def model_run(
    model: TrainedModel, global_tokens: Sequence[int], conditions: Conditions, *, kept: bool
) -> Run:
    """Make a run of a whole model, on random token ids."""

    @lru_cache(maxsize=1)
    def prepare(length: int) -> Prepared:
        layouts = _texts_alone(model).values()
        roles = {role for one in layouts for role in (one.queries, one.keys)}
        n_ids = min(model.network.limits(role).n_ids for role in roles)
        ids = np.random.default_rng(0).integers(n_ids, size=length)
        tokens = from_ids(ids.tolist())
        return Prepared(dict.fromkeys(sorted(roles), tokens), global_tokens=tuple(global_tokens))

    def run(length: int) -> Spent:
        given, watch = prepare(length), Stopwatch()
        recorder = Recorder(model.stacks(given), budget=_budget(kept))
        clock, door = conditions.clock, conditions.door(recorder.attend)
        start = clock()
        model.run(given, with_stopwatch(door, watch, clock))
        return Spent(watch.seconds, clock() - start - watch.seconds)

    return run


def _budget(kept: bool) -> int:
    return sys.maxsize if kept else 0


# Choosing what to run ------------------------------------------------------------------------


class _Room(NamedTuple):
    """The memory that there is, beside `per_token` bytes of inputs."""

    way: str
    per_token: int
    conditions: Conditions

    def holds(self, point: Predicted) -> bool:
        if self.way == "kept":  # which is so only where all of them fit
            return True
        # As much again to work on them, as for weights that are kept.
        needed = 2 * point.streamed_bytes + point.length * self.per_token
        return self.conditions.holds(needed)


class _Stage(NamedTuple):
    """The part of all runs that one series is: its seconds, and its place among the steps."""

    seconds: float
    tell: Tell
    first: int
    total: int
    name: str


def _way(points: Sequence[Predicted], conditions: Conditions) -> str:
    """Choose one way for all, so that their times can be compared: weights are kept if all of them
    fit what a recorder takes for them."""
    return "kept" if conditions.holds(max(2 * p.weight_bytes for p in points)) else "streamed"


def _time_points(
    run: Run, points: Sequence[Predicted], probe: Predicted, room: _Room, stage: _Stage
) -> tuple[Timed, ...]:
    """Run the points, shortest first, as far as time and memory last."""
    clock, times, rate = room.conditions.clock, list[Timed](), GUESS
    start = clock()
    if rate * probe.work < stage.seconds:
        rate = min(run(probe.length).total for _ in range(2)) / probe.work
    for i, point in enumerate(points):
        stage.tell(stage.first + i, stage.total, f"{stage.name} {grouped(point.length)}")
        left, expected = stage.seconds - (clock() - start), rate * point.work
        if not room.holds(point):
            times.append(Timed(left_out="memory"))
        elif 2 * expected > left:
            times.append(Timed(left_out="time", expected=expected))
        else:
            part = left / (2 if point is points[-1] else SAVED)
            best, n_runs = _repeat(run, point.length, part, clock)
            times.append(Timed(best.attention, best.rest, n_runs))
            if point.length >= probe.length:
                rate = best.total / point.work
    return tuple(times)


def _repeat(run: Run, length: int, seconds: float, clock: Callable[[], float]) -> tuple[Spent, int]:
    """Run once to warm up, then at least one more, and others while they fit the seconds; the
    quickest, and of how many."""
    start = clock()
    run(length)
    spent = [run(length)]
    while len(spent) < MOST_RUNS and clock() - start + spent[0].total < seconds:
        spent.append(run(length))
    return min(spent, key=lambda one: one.total), len(spent)

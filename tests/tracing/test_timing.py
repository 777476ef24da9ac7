"""What is run, what is left out and why, and that it is the real thing that is run."""

from __future__ import annotations

import pytest

import attnviz
from attnviz.analysis.cost import predict
from attnviz.attention import masks
from attnviz.errors import AttnvizError
from attnviz.models.model import Inputs
from attnviz.tracing import timing
from attnviz.tracing.recorder import Recorder
from attnviz.tracing.timing import Conditions, of_model, of_types
from tests.reference import checkpoints

RULES = {"self": masks.full(), "local": masks.local(4) | masks.global_([0])}
GIB = 1 << 30


def watched(calls):
    """A door that notes every call: its stack, the shapes of queries and keys, and the mask."""

    def around(attend):
        def door(stack, query, key, value, **options):
            calls.append((stack, query.shape, key.shape, options["mask"]))
            return attend(stack, query, key, value, **options)

        return door

    return around


def keeping(kept):
    """A door of one layer that notes of every call whether its weights are kept."""

    def around(attend):
        def door(stack, query, key, value, **options):
            output = attend(stack, query, key, value, **options)
            kept.append(attend.__self__.stacks()[stack].weights is not None)  # the recorder's
            return output

        return door

    return around


class Pretended:
    """A clock that only runs move, each by 2e-9 seconds for every token squared, and slower the
    first times and for short texts; what was run."""

    def __init__(self):
        self.now, self.ran = 0.0, []

    def pretend(self, _stack, query, _key, value, *, mask):
        length = query.shape[1]
        slower = 1 + 1 / (1 + self.ran.count((mask, length)))
        self.ran.append((mask, length))
        self.now += slower * (2 if length <= 512 else 1) * 2e-9 * length**2
        return value

    def report(self, rules, lengths, n_heads=1, head_dim=8, *, seconds, budget=GIB):
        on = Conditions(lambda: self.now, budget, lambda _: self.pretend)
        return of_types(rules, lengths, n_heads, head_dim, {}, seconds=seconds, conditions=on)


@pytest.fixture
def clock():
    return Pretended()


def test_each_type_is_run_under_its_mask_at_every_length():
    calls, usual = [], {"heads": 3}
    on = Conditions(budget=GIB, door=watched(calls))
    report = of_types(RULES, [16, 40], 3, 8, usual, seconds=5, conditions=on)
    assert report.way == report.ran == "kept"
    assert [one.name for one in report.series] == ["self", "local"]
    for one in report.series:
        assert one.points == tuple(predict(one.layers, n) for n in (16, 40))
        for length, timed in zip(one.lengths, one.times, strict=True):
            assert timed.seconds > 0
            assert timed.rest_seconds is None
            assert timed.left_out == ""
            made = [c for c in calls if c[1][1] == length and c[3] == RULES[one.name]]
            assert len(made) > timed.runs >= 1  # and one to warm up
    assert {call[1:3] for call in calls} == {((3, n, 8), (3, n, 8)) for n in (16, 40)}


def test_nothing_is_run_where_nobody_asks():
    calls = []
    on = Conditions(door=watched(calls))
    report = of_types(RULES, [16, 40], 3, 8, {"heads": 3}, conditions=on)
    assert calls == []
    assert report.way == report.ran == ""
    assert all(timed == timing.Timed() for one in report.series for timed in one.times)


def test_times_are_the_quickest_after_one_to_warm_up(clock):
    report = clock.report({"self": masks.full()}, [600, 1200, 2400], seconds=1)
    (one,) = report.series
    for length, timed in zip(one.lengths, one.times, strict=True):
        n_all = clock.ran.count((masks.full(), length))
        assert timed.runs == min(n_all - 1, timing.MOST_RUNS)
        assert timed.seconds == pytest.approx((1 + 1 / n_all) * 2e-9 * length**2)


def test_the_exponent_of_made_up_times(clock):
    report = clock.report({"self": masks.full()}, [512, 1024, 2048, 4096], seconds=100)
    (curve,) = report.curves
    assert curve.measured.exponent == pytest.approx(2)
    assert curve.predicted.exponent == pytest.approx(2)


def test_what_would_take_too_long_is_left_out_and_the_time_kept(clock):
    lengths = [512, 1024, 4096, 16384]
    report = clock.report({"self": masks.full()}, lengths, seconds=0.4)
    spent = sum(2e-9 * n**2 for _, n in clock.ran)
    assert spent < 2 * 0.4
    times = report.series[0].times
    assert [timed.left_out for timed in times] == ["", "", "", "time"]
    assert times[3].expected == pytest.approx(times[2].seconds * 4**2)  # as the last one went
    assert times[3].seconds is None
    assert {n for _, n in clock.ran} == {512, 1024, 4096}


def test_nothing_huge_is_begun(clock):
    report = clock.report({"self": masks.full()}, [1 << 20], 64, 64, seconds=1, budget=1 << 50)
    assert report.series[0].times[0].left_out == "time"
    assert max(n for _, n in clock.ran) == timing.PROBE
    clock.ran.clear()
    report = clock.report(
        {"self": masks.full()}, [512, 1024], 1024, 1024, seconds=1, budget=1 << 50
    )
    assert [timed.left_out for timed in report.series[0].times] == ["time"] * 2
    assert clock.ran == []  # not even that


@pytest.mark.slow
def test_the_time_that_quick_types_leave_goes_to_the_others(clock):
    rules = {"self": masks.full(), "local": masks.local(1)}
    report = clock.report(rules, [512, 4096], seconds=0.8)
    assert [timed.left_out for one in report.series for timed in one.times] == [""] * 4
    order = [rule for rule, _ in clock.ran]
    assert order.index(masks.local(1)) < order.index(masks.full())


@pytest.mark.slow
def test_weights_that_do_not_fit_are_streamed_at_every_length():
    budget = 2 * 3 * 2500 * 2500 * 4 - 1  # of weights as float32, and as much to work on them
    for longest, way in ((2499, "kept"), (2500, "streamed")):
        kept = []
        on = Conditions(budget=budget, door=keeping(kept))
        report = of_types(RULES, [16, longest], 3, 8, {}, seconds=500, conditions=on)
        assert report.way == way
        assert {*kept} == {way == "kept"}
        assert all(timed.seconds for one in report.series for timed in one.times)


def test_what_does_not_fit_the_memory_even_so():
    on = Conditions(budget=1 << 20)
    report = of_types(RULES, [16, 4000], 3, 8, {}, seconds=5, conditions=on)
    for one in report.series:
        assert [timed.left_out for timed in one.times] == ["", "memory"]


def test_steps_are_told_before_they_are_taken():
    told = []
    of_types(RULES, [16, 40], 1, 8, {}, seconds=1, tell=lambda *step: told.append(step))
    assert [(done, total) for done, total, _ in told] == [(i, 4) for i in range(4)]
    assert [what for _, _, what in told] == ["local 16", "local 40", "self 16", "self 40"]


# Checkpoints.


def model(case, folder):
    checkpoints.write(case, folder / "model")
    return attnviz.load_model(str(folder / "model"))


def sizes(case):
    """The shapes of linear maps, by the names of the tensors: nothing of the package."""
    shapes = checkpoints.recipe(case)["tensors"].items()
    other = ("embeddings", "wte", "wpe", "embed", "shared", "pooler", "head", "bias", "position")
    wide = {n: s for n, s in shapes if len(s) == 2 and not any(word in n for word in other)}
    return sum(rows * columns for rows, columns in wide.values())


@pytest.mark.parametrize("case", ["bert", "gpt2", "gpt_neox", "mistral", "gemma2", "t5", "bart"])
def test_the_rest_is_every_linear_map(case, tmp_path):
    opened = model(case, tmp_path)
    assert opened.multiply_adds_per_token == sizes(case)
    report = of_model(opened, [5, 9])
    assert [p.rest for p in report.series[0].points] == [5 * sizes(case), 9 * sizes(case)]
    assert report.model["per_token"] == sizes(case)


def test_layers_that_share_their_maps_pass_them_each(tmp_path):
    case = "albert"  # three layers of one group; what widens the embeddings is passed once
    shapes = checkpoints.recipe(case)["tensors"]
    (widen,) = (s for n, s in shapes.items() if n.endswith("embedding_hidden_mapping_in.weight"))
    expected = widen[0] * widen[1] + 3 * sizes(case)
    assert checkpoints.config(case)["num_hidden_layers"] == 3
    assert model(case, tmp_path).multiply_adds_per_token == expected


CASES = (
    "bert", "albert", "modernbert", "longformer", "gpt2", "gpt_neo", "gpt_neox", "llama", "mistral",
    "qwen2, windows", "gemma2", "gemma3_text", "t5", "bart, with a head",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_model_s_prediction_is_what_a_run_of_it_computes(case, tmp_path):
    opened, n, calls = model(case, tmp_path), 20, []
    ids = list(range(3, 3 + n))
    given = opened.prepare(Inputs(ids=ids, source_ids=ids if opened.reads_source else None))
    opened.run(given, watched(calls)(Recorder(opened.stacks(given)).attend))
    twice = 2 if case == "longformer" else 1  # its two kinds of queries stand side by side
    counted = [(query, int(mask.to_array(n, n).sum())) for _, query, _, mask in calls]
    (point,) = of_model(opened, [n]).series[0].points
    assert point.scores == sum(count for _, count in counted)
    assert point.weight_bytes == sum(heads * n * n * 4 for (heads, _, _), _ in counted)
    done = sum(count * heads * 2 * (dim // twice) for (heads, _, dim), count in counted)
    assert point.multiply_adds == done


@pytest.mark.parametrize(
    ("case", "n_cached"),
    [("llama", lambda c, n: c["num_hidden_layers"] * n),
     ("mistral", lambda c, n: c["num_hidden_layers"] * min(n, c["sliding_window"])),
     ("gpt2", lambda c, n: c["n_layer"] * n),
     ("bart", lambda c, n: 2 * c["decoder_layers"] * n)],
)  # fmt: skip
def test_a_decoder_s_cache(case, n_cached, tmp_path):
    opened, config = model(case, tmp_path), checkpoints.config(case)
    layout = list(opened.layouts.values())[-1]
    numbers = 2 * layout.n_key_heads * layout.head_dim * 4  # keys and values, float32
    (point,) = of_model(opened, [21]).series[0].points
    assert point.cache_bytes == n_cached(config, 21) * numbers


def test_an_encoder_keeps_no_cache(tmp_path):
    assert of_model(model("bert", tmp_path), [21]).series[0].points[0].cache_bytes is None


@pytest.mark.parametrize("case", ["bert", "longformer", "llama", "t5"])
def test_a_model_is_run_on_token_ids(case, tmp_path):
    calls = []
    on = Conditions(budget=GIB, door=watched(calls))
    report = of_model(model(case, tmp_path), [8, 12], seconds=5, conditions=on)
    (one,) = report.series
    assert [timed.left_out for timed in one.times] == ["", ""]
    assert all(timed.seconds > 0 and timed.rest_seconds > 0 for timed in one.times)
    assert {call[1][1] for call in calls} == {8, 12}
    assert [curve.name for curve in report.curves] == ["attention", "rest"]
    assert report.curves[1].seconds == tuple(timed.rest_seconds for timed in one.times)
    assert report.curves[0].counted == tuple(point.multiply_adds for point in one.points)


def test_longformer_s_global_tokens_are_counted(tmp_path):
    opened = model("longformer", tmp_path)
    few, more = (
        of_model(opened, [20], global_tokens=chosen).series[0].points[0].scores
        for chosen in ([0], [0, 9])
    )
    assert few == of_model(opened, [20]).series[0].points[0].scores
    assert more > few


def test_lengths_end_with_the_positions(tmp_path):
    bert = model("bert", tmp_path)  # 24 positions
    assert of_model(bert).series[0].lengths == (24,)
    assert of_model(bert, [24]).series[0].lengths == (24,)
    with pytest.raises(AttnvizError, match="25 is more than model has positions for: 24"):
        of_model(bert, [3, 25])
    endless = model("llama", tmp_path / "other")
    assert of_model(endless).series[0].lengths == (32, 64, 128, 256, 512, 1024)
    assert of_model(endless, [1 << 16]).series[0].points[0].scores > 1 << 31

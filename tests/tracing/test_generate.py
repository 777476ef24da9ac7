"""Models that write: tokens, steps, the record of the whole, and what stops them."""

import json

import numpy as np
import pytest

import attnviz
from attnviz import AttnvizError
from tests.reference import checkpoints

PATTERN = [3, 7, 9, 4, 3, 7]  # `induction` was set to go on with what came after before


def written(**options):
    return attnviz.generate(ids=PATTERN, model="induction", **options)


@pytest.fixture
def tiny(tmp_path):
    def opened(case, head="LMHeadModel", **generation):
        checkpoints.write(case, tmp_path / "model")
        file = tmp_path / "model" / "config.json"
        config = json.loads(file.read_text())
        if head and not case.startswith("bart"):  # stored as bare models, whose words are tied
            kind = config["architectures"][0].removesuffix("Model")
            config |= {"architectures": [kind + head], "tie_word_embeddings": True}
        file.write_text(json.dumps(config))
        if generation:
            (tmp_path / "model" / "generation_config.json").write_text(json.dumps(generation))
        return attnviz.load_model(tmp_path / "model")

    return opened


def test_a_known_model_goes_on_with_its_pattern():
    found = written(max_new_tokens=6)
    assert found.ids == [9, 4, 3, 7, 9, 4]
    assert found.text == "9 4 3 7 9 4"
    assert [step.id for step in found.steps] == found.ids
    assert all(step.probability > 0.99 for step in found.steps)
    for step in found.steps:
        shares = [share for *_, share in step.alternatives]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)
        assert step.id not in [number for number, *_ in step.alternatives]


def test_the_record_is_one_pass_over_all_of_it():
    found = written(max_new_tokens=3)
    whole = attnviz.trace(ids=[*PATTERN, *found.ids], model="induction")
    assert np.array_equal(found.record.stack.weights, whole.stack.weights)
    assert found.record.settings["prompt"] == len(PATTERN)


def test_the_record_keeps_its_steps_in_a_file(tmp_path):
    found = written(max_new_tokens=3)
    found.record.save(tmp_path / "written.npz")
    steps = attnviz.read(tmp_path / "written.npz").settings["steps"]
    assert [step["id"] for step in steps] == found.ids
    assert steps[0]["probability"] == found.steps[0].probability


@pytest.mark.parametrize("case", ["gpt2", "gpt_neox", "llama", "gemma2", "mistral"])
def test_what_is_written_with_a_cache_is_what_one_pass_says(case, tiny):
    """Learned positions, rotations of whole heads and of parts of them, and windows."""
    head = {"gpt2": "LMHeadModel"}.get(case, "ForCausalLM")
    model, ids = tiny(case, head), [*PATTERN]
    for step in attnviz.generate(ids=ids, model=model, max_new_tokens=4).steps:
        (place,) = attnviz.predict(ids=ids, model=model, k=1).places
        ((number, _, share),) = place.candidates
        assert (step.id, step.probability) == (number, pytest.approx(share, rel=1e-4))
        ids.append(step.id)


def test_text_streams_as_it_comes():
    pieces = []
    found = written(max_new_tokens=3, stream=pieces.append)
    assert pieces == ["9", " 4", " 3"]
    assert "".join(pieces) == found.text


def test_ctrl_c_keeps_the_text():
    def stop(piece):
        if piece == " 4":
            raise KeyboardInterrupt

    found = written(max_new_tokens=6, stream=stop)
    assert found.interrupted
    assert found.ids == [9, 4]
    assert found.record.stack.shape == (8, 8)


def test_the_same_seed_draws_the_same(tiny):
    model = tiny("llama")
    drawn = [
        attnviz.generate(ids=[5, 6], model=model, max_new_tokens=8, temperature=3.0, seed=s).ids
        for s in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.slow
def test_what_is_drawn_follows_the_probabilities(tiny):
    model = tiny("gpt2")
    shares = {
        number: share
        for number, _, share in attnviz.predict(ids=[5, 6], model=model, k=61).places[0].candidates
    }
    n = 600
    counts = np.zeros(61)
    for seed in range(n):
        found = attnviz.generate(
            ids=[5, 6], model=model, max_new_tokens=1, do_sample=True, top_k=0, seed=seed
        )
        counts[found.ids[0]] += 1
    expected = n * np.array([shares[i] for i in range(61)])
    often = expected >= 5
    seen = np.append(counts[often], counts[~often].sum())
    due = np.append(expected[often], expected[~often].sum())
    chi = ((seen - due)[due > 0] ** 2 / due[due > 0]).sum()
    n_free = len(due) - 1
    assert chi < n_free + 5 * np.sqrt(2 * n_free)  # five standard deviations


@pytest.mark.parametrize("beams", [1, 3])
def test_an_encoder_decoder_reads_a_source(tiny, beams):
    model = tiny("bart, with a head", decoder_start_token_id=2, eos_token_id=1)
    found = attnviz.generate(source_ids=None, ids=[9, 8, 30], model=model, num_beams=beams)
    named = attnviz.generate(model=model, ids=[2], source_ids=[9, 8, 30], num_beams=beams)
    assert found.ids == named.ids
    assert set(found.record.stacks) == {"encoder", "decoder", "cross"}
    assert found.record.stacks["cross"].shape == (1 + len(found.ids), 3)


def test_the_end_is_the_end(tiny):
    model = tiny("llama")
    first = attnviz.generate(ids=[5, 6], model=model, max_new_tokens=4).ids[0]
    ended = tiny("llama", eos_token_id=first)
    assert attnviz.generate(ids=[5, 6], model=ended, max_new_tokens=4).ids == [first]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_new_tokens": 0}, "`max_new_tokens` is 0"),
        ({"temperature": 0.0}, "`temperature` is 0.0"),
        ({"temperature": float("nan")}, "`temperature` is nan"),
        ({"top_p": 1.5}, "`top_p` is 1.5"),
        ({"num_beams": 1000}, "`num_beams` is 1000"),
        ({"max_new_tokens": 500}, "18 new tokens fit"),
        ({"do_sample": False, "top_k": 3}, "`do_sample` is false"),
        ({"max_new_tokens": 2, "min_new_tokens": 3}, "`min_new_tokens` is 3"),
        ({"system": "Be brief."}, "no chat"),
        ({"source": "x"}, "reads one text"),
    ],
)
def test_what_does_not_fit_together(options, message):
    with pytest.raises(AttnvizError, match=message):
        written(**options)


def test_a_prompt_that_fills_all_positions():
    with pytest.raises(AttnvizError, match="no new token fits"):
        attnviz.generate(ids=[3] * 24, model="induction")


@pytest.mark.parametrize("name", ["builtin", "random"])
def test_heads_that_say_nothing(name):
    for model in (name, attnviz.load_model(name)):
        with pytest.raises(AttnvizError, match="say nothing"):
            attnviz.generate("a cat", model=model)
        with pytest.raises(AttnvizError, match="say nothing"):
            attnviz.predict("a cat", model=model)


@pytest.mark.parametrize("case", ["bert", "gpt2", "llama", "t5"])
def test_a_model_without_a_head(tiny, case):
    with pytest.raises(AttnvizError, match="without a prediction head"):
        attnviz.generate(ids=[5], model=tiny(case, head=None))


@pytest.mark.parametrize("content", ["{", "[]", '{"typical_p": 0.5}', '{"eos_token_id": "x"}'])
def test_a_bad_generation_config(tiny, content, tmp_path):
    model = tiny("gpt2")
    (tmp_path / "model" / "generation_config.json").write_text(content)
    with pytest.raises(AttnvizError):
        attnviz.generate(ids=[5], model=model)


@pytest.mark.parametrize("beams", [1, 3])
def test_the_rate_is_that_of_the_passes_that_were_run(beams, monkeypatch):
    from attnviz.tracing import generate as module
    from attnviz.tracing.writer import ModelWriter

    clock, write = [0.0], ModelWriter.write

    def slow(self, chosen):  # every token that is read takes a second
        clock[0] += 1
        write(self, chosen)

    monkeypatch.setattr(ModelWriter, "write", slow)
    monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    found = written(num_beams=beams, max_new_tokens=6)
    assert found.seconds == clock[0]
    assert found.tokens_per_second == 5 / clock[0]
    assert found.tokens_per_second <= 1

"""What holds for the effects of every family, whatever its numbers."""

import pytest

import attnviz
from attnviz.analysis.effects import NONE
from attnviz.errors import AttnvizError
from attnviz.models import load_writer
from attnviz.tracing.of_heads import trace_heads
from tests.reference import checkpoints


@pytest.mark.parametrize("case", checkpoints.CASES)
def test_a_layer_is_all_its_heads_and_each_head_is_one_of_them(case, tmp_path):
    """Taking the last layer away is taking all of its heads together, in one run or alone; and a
    text has nothing to recover from itself."""
    given = checkpoints.expected(case)
    masked = {"mask_token_id": int(given["ids"][1])}  # there is no tokenizer to name it
    checkpoints.save(tmp_path, checkpoints.config(case) | masked, checkpoints.tensors(case))
    model = load_writer(str(tmp_path))
    fed = {name: given[name].tolist() for name in ("ids", "source_ids") if name in given}
    if model.has_global_tokens:
        with pytest.raises(AttnvizError, match="queries"):
            attnviz.effects(model=model, by="zero", **fed)
        return
    layout = next(reversed(model.layouts.values()))
    last, heads = layout.n_layers - 1, layout.n_heads
    every = [(last, head) for head in range(heads)]
    found = attnviz.effects(model=model, by="zero", of="layers", heads=every, **fed)
    assert found.together == pytest.approx(found.layers[last], rel=1e-3, abs=NONE)
    assert found.layers[last] > 0
    if "source_ids" not in fed:
        with pytest.raises(AttnvizError, match="nothing to recover"):
            attnviz.effects(model=model, by="text", other_ids=fed["ids"], of="layers", **fed)


def test_heads_write_in_every_stack(tmp_path):
    case = next(case for case in checkpoints.CASES if "source_ids" in checkpoints.expected(case))
    checkpoints.write(case, tmp_path)
    given = checkpoints.expected(case)
    for stack in ("encoder", "decoder", "cross"):
        record = trace_heads(
            None, model=str(tmp_path), stack=stack, ids=given["ids"].tolist(),
            source_ids=given["source_ids"].tolist(),
        )  # fmt: skip
        written = record.stack.of_heads["writes"]
        assert written.shape == (record.stack.n_layers, record.stack.n_heads)
        assert (written > 0).all()

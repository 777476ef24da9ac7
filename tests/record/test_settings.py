"""Settings: each of a type and range, a mapping of those that are set."""

import json
from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.attention import masks
from attnviz.attention.attention_types import ATTENTION_TYPES, mask_of
from attnviz.record.settings import Settings, settings_of

GOOD = {
    "tokenizer": "words",
    "window": 3,
    "global_tokens": [0, 4],
    "replaces": "self and causal",
    "truncated": 12,
    "seed": 1 << 70,
    "notes": ["a note"],
    "prompt": 2,
    "prompt_parts": {"system": [0, 1], "prompt": [1, 2]},
    "steps": [{"id": 5, "label": "a", "probability": 1.0, "alternatives": [[6, "b", 0.25]]}],
    "measure": "rollout",
    "hidden": 0.5,
    "merge": "sentences",
    "rows": "2:8",
    "columns": "cat",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_setting_is_kept_and_read_as_json_has_it(name):
    settings = settings_of({name: GOOD[name]})
    assert settings == {name: GOOD[name]}
    assert json.loads(json.dumps(dict(settings))) == {name: GOOD[name]}
    assert getattr(settings, name) is not None


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("bad", [None, {1: 2}, [["a"]], -1, float("nan"), object(), "\x1b[31m\n"])
def test_what_a_setting_cannot_be_is_refused(name, bad):
    if isinstance(bad, str) and name in ("tokenizer", "rows", "columns"):
        assert settings_of({name: bad})[name] == "␛[31m␊"  # any text, in a visible form
        return
    with pytest.raises(ValueError, match=name):
        settings_of({name: bad})


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="no setting 'windw'"):
        settings_of({"windw": 2})
    with pytest.raises(KeyError):
        Settings()["windw"]


def test_numbers_of_numpy_are_numbers():
    settings = Settings(window=np.int64(3), hidden=np.float32(0.5))
    assert json.dumps(dict(settings)) == '{"window": 3, "hidden": 0.5}'


def test_settings_are_a_mapping_of_those_that_are_set():
    record = attnviz.trace("a b c", type="global", window=1, global_tokens=["b"])
    assert {**record.settings} == {"tokenizer": "words", "window": 1, "global_tokens": [1]}
    assert "seed" not in record.settings
    assert record.settings.get("seed", 7) == 7
    changed = replace(record, settings={**record.settings, "seed": 5})  # a mapping is checked too
    assert changed.settings.seed == 5


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("self", masks.full()),
        ("causal", masks.causal()),
        ("cross", masks.full()),
        ("local", masks.local(2)),
        ("global", masks.local(2) | masks.global_([1])),
    ],
)
def test_every_type_means_its_mask(name, rule):
    assert mask_of(name, 2, [1]) == rule
    assert set(ATTENTION_TYPES[name].settings) <= {"window", "global_tokens"}

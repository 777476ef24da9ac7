"""The names that people import, and what an import costs."""

from __future__ import annotations

import json
import subprocess
import sys
from inspect import isfunction, signature
from pathlib import Path
from types import ModuleType

import pytest

import attnviz

ROOT = Path(__file__).parents[1]
HEAVY = ["numpy", "matplotlib", "rich", "tokenizers", "typer"]
NAMES = {
    "AttentionRecord": type,
    "AttnvizError": type,
    "check": None,
    "compare": None,
    "effects": None,
    "from_weights": None,
    "generate": None,
    "load_model": None,
    "masks": ModuleType,
    "measures": ModuleType,
    "predict": None,
    "read": None,
    "scaled_dot_product_attention": None,
    "survey": None,
    "trace": None,
    "transcribe": None,
}


def python(code: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(("name", "kind"), NAMES.items(), ids=NAMES)
def test_a_name_is_there(name, kind):
    value = getattr(attnviz, name)
    assert isinstance(value, kind) if kind else callable(value)
    assert name in dir(attnviz)
    assert name in attnviz.__all__
    if kind is not ModuleType:
        assert value.__name__ == name


def test_all_is_what_the_design_promises():
    assert sorted(attnviz.__all__) == sorted(NAMES)
    assert sorted(dir(attnviz)) == dir(attnviz)


def module_of(thing):
    """The module that a function was written in."""
    return getattr(thing, "__module__", None)


def public_functions():
    """Every function that is public, with the names of its arguments."""
    for name in attnviz.__all__:
        value = getattr(attnviz, name)
        inside = vars(value).values() if isinstance(value, ModuleType) else [value]
        for function in inside:
            is_own = not isinstance(value, ModuleType) or module_of(function) == value.__name__
            if isfunction(function) and is_own and not function.__name__.startswith("_"):
                kinds = signature(function).parameters.values()
                named = [
                    p.name for p in kinds if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
                ]
                yield pytest.param(function, named, id=f"{name}.{function.__name__}")


@pytest.mark.parametrize(("function", "named"), list(public_functions()))
def test_an_argument_of_an_unknown_name_is_refused_and_the_nearest_is_named(function, named):
    with pytest.raises(TypeError, match="zzz"):
        function(zzz=1)
    for name in named:
        if len(name) > 2:
            with pytest.raises(TypeError, match=name):
                function(**{f"{name[:-2]}{name[-1]}": 1})


def test_an_option_of_trace_of_an_unknown_name_is_refused():
    with pytest.raises(
        TypeError, match=r"trace\(\) has no argument 'windw'. Did you mean 'window'"
    ):
        attnviz.trace("a b", windw=1)


def test_a_star_import_brings_them():
    names = {}
    exec("from attnviz import *", names)
    assert set(NAMES) <= set(names)
    assert names["trace"] is attnviz.trace


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"attnviz.*has no attribute 'tracee'"):
        attnviz.tracee  # noqa: B018
    assert not hasattr(attnviz, "np")
    with pytest.raises(ImportError, match="nothing_like_this"):
        exec("from attnviz import nothing_like_this")


def test_the_version_is_a_version():
    assert [part.isdecimal() for part in attnviz.__version__.split(".")] == [True] * 3


LOADED = f"""
import json, sys
{{}}
print(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""

# (statements, the heavy packages they may load)
IMPORTS = {
    "attnviz alone": ("import attnviz", []),
    "its directory": ("import attnviz; dir(attnviz); attnviz.__version__", []),
    "the error": ("from attnviz import AttnvizError", []),
    "masks": ("import attnviz; attnviz.masks.causal()", ["numpy"]),
    "attention": ("from attnviz import scaled_dot_product_attention", ["numpy"]),
    "a trace": ("import attnviz; attnviz.trace('a b').stack.map()", ["numpy", "tokenizers"]),
    "given weights": ("import attnviz; attnviz.from_weights([[1.0]], 'a')", ["numpy"]),
}


@pytest.mark.parametrize(("statements", "allowed"), IMPORTS.values(), ids=IMPORTS)
def test_only_what_is_needed_is_loaded(statements, allowed):
    assert json.loads(python(LOADED.format(statements))) == allowed


def test_the_version_is_told_without_loading_anything():
    code = LOADED.format(
        "import attnviz.__main__\nsys.argv = ['attnviz', '--version']\n"
        "try: attnviz.__main__.main()\nexcept SystemExit: pass"
    )
    version, loaded = python(code).splitlines()
    assert version == f"attnviz {attnviz.__version__}"
    assert json.loads(loaded) == []


WALK = """
import importlib, json, pkgutil
import attnviz
before = {name: getattr(attnviz, name) for name in attnviz.__all__}
for module in pkgutil.walk_packages(attnviz.__path__, "attnviz."):
    importlib.import_module(module.name)
after = {name: getattr(attnviz, name) for name in attnviz.__all__}
print(json.dumps([name for name in before if after[name] is not before[name]]))
"""


@pytest.mark.slow
def test_a_name_stays_what_it_is_whatever_is_imported():
    """A module of the same name would take its place."""
    assert json.loads(python(WALK)) == []


def test_trace_stays_the_function():
    code = "import attnviz, attnviz.tracing.trace as room\nprint(attnviz.trace is room.trace)"
    assert python(code) == "True\n"
    code = "import attnviz.tracing.trace, attnviz\nprint(callable(attnviz.trace))"
    assert python(code) == "True\n"

"""Dataclasses that are made quickly against those of the standard library: no use sees a
difference."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property

import pytest

from attnviz.frozen import dataclass

KINDS = pytest.mark.parametrize("make", [dataclass, dataclasses.dataclass])


def classes(make):
    """A class, one that inherits from it, and one whose values are only equal to themselves."""

    @make(frozen=True)
    class Point:
        """A point."""

        x: int
        y: int = 2
        notes: Mapping[str, int] = field(default_factory=dict, compare=False)
        secret: int = field(default=3, repr=False)

        @cached_property
        def sum(self):
            return self.x + self.y

    @make(frozen=True)
    class Named(Point):
        name: str = "?"

    @make(frozen=True, eq=False)
    class Alone:
        x: int

    return Point, Named, Alone


@dataclass(frozen=True)
class Kept:
    """One that pickle finds by its name."""

    x: int


@KINDS
def test_fields_defaults_and_order(make):
    point, named, _ = classes(make)
    assert dataclasses.is_dataclass(point)
    assert [one.name for one in dataclasses.fields(named)] == ["x", "y", "notes", "secret", "name"]
    made = named(1, secret=4, name="a")
    assert (made.x, made.y, made.notes, made.secret, made.name) == (1, 2, {}, 4, "a")
    assert point(1).notes is not point(1).notes
    assert dataclasses.asdict(point(1)) == {"x": 1, "y": 2, "notes": {}, "secret": 3}
    assert dataclasses.replace(made, y=7) == named(1, 7, secret=4, name="a")
    assert made.sum == 3
    match point(5, 6):
        case point(x, y):
            assert (x, y) == (5, 6)


@KINDS
def test_equality_hash_and_repr(make):
    point, named, alone = classes(make)
    assert point(1) == point(1, notes={"a": 1})
    assert hash(point(1)) == hash(point(1)) == hash((1, 2, 3))
    assert point(1) != point(2)
    assert point(1) != named(1)
    assert point(1) != 1
    assert alone(1) != alone(1)
    assert len({alone(1), alone(1)}) == 2
    assert repr(point(1)).endswith("Point(x=1, y=2, notes={})")
    assert copy.deepcopy(point(1)) == point(1)


@KINDS
@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, 2, {}, 3, 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1})]
)
def test_wrong_arguments(make, given, named):
    with pytest.raises(TypeError):
        classes(make)[0](*given, **named)


@KINDS
def test_nothing_can_be_changed(make):
    made = classes(make)[1](1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.x


@pytest.mark.parametrize("upper", [dataclass, dataclasses.dataclass])
@pytest.mark.parametrize("lower", [dataclass, dataclasses.dataclass])
def test_both_kinds_inherit_from_one_another(lower, upper):
    point = classes(lower)[0]

    @upper(frozen=True)
    class Deep(point):
        z: int = 0

    @dataclass(frozen=True)
    class Deeper(Deep):
        pass

    for kind in (Deep, Deeper):
        assert kind(1, 2, z=5) == kind(1, 2, z=5) != kind(1, 2, z=6)
        assert point(1) == point(1)


def test_a_class_keeps_its_own_methods():
    @dataclass(frozen=True)
    class Loud:
        x: int

        def __repr__(self):
            return "loud"

        def __post_init__(self):
            if self.x < 0:
                raise ValueError(self.x)

    assert repr(Loud(1)) == "loud"
    with pytest.raises(ValueError, match="-1"):
        Loud(-1)


def test_pickles():
    assert pickle.loads(pickle.dumps(Kept(1))) == Kept(1)

"""One ramp for all views: readable in grey, under every colour blindness, and under its ink."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from attnviz.views.palette import INK, LEVELS, MASKED_PAPER, ink_on, level, ramp

# What dichromats see of linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.0.
SEEN = {
    "everyone": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB


def linear(colours):
    """sRGB bytes as linear light, 0 to 1 (IEC 61966-2-1)."""
    share = np.asarray(colours, dtype=np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lightness(light):
    """CIE L* of linear RGB: even steps look even."""
    y = light @ LUMINANCE
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3)


def contrast(one, other):
    """WCAG 2 contrast, 1 to 21."""
    bright, dark = sorted((linear(one) @ LUMINANCE, linear(other) @ LUMINANCE), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_simulations_leave_white_white():
    for matrix in SEEN.values():
        assert np.allclose(matrix.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("eyes", SEEN)
def test_lightness_rises(eyes):
    steps = lightness(np.clip(linear(ramp()) @ SEEN[eyes].T, 0, 1))
    assert (np.diff(steps) > 0).all()
    assert steps[-1] - steps[0] > 60  # from dark to bright: there is room for differences


def test_lightness_rises_evenly():
    """No stretch of the ramp hides a difference: each quarter holds a fair share of the rise."""
    steps = lightness(linear(ramp()))
    quarters = [steps[min(i + 16, 63)] - steps[i] for i in range(0, 64, 16)]
    assert min(quarters) > 0.6 * max(quarters)


def test_there_is_one_colour_for_each_level():
    colours = ramp()
    assert len(colours) == len(set(colours)) == LEVELS == 64
    assert all(channel in range(256) for colour in colours for channel in colour)


def test_ink_is_readable_on_every_colour():
    for colour in ramp():
        ink = ink_on(colour)
        assert ink in {(0, 0, 0), (255, 255, 255)}
        assert contrast(ink, colour) >= 4.5
    for grey in range(256):  # black or white, whichever is easier to read
        paper = (grey,) * 3
        best = max(contrast((0, 0, 0), paper), contrast((255, 255, 255), paper))
        assert contrast(ink_on(paper), paper) >= best - 0.1


def test_paper_is_no_weight():
    assert MASKED_PAPER not in ramp()
    distance = [np.abs(np.subtract(MASKED_PAPER, colour)).max() for colour in ramp()]
    assert min(distance) > 40
    assert max(MASKED_PAPER) - min(MASKED_PAPER) < 16  # a grey, and the ramp's colours are none
    assert all(max(colour) - min(colour) > 16 for colour in ramp())
    assert contrast(INK, (255, 255, 255)) >= 7  # what is written on a picture


# A weight, the largest weight, and its level of 0 … 63.
ENDS = [
    (0.0, 1.0, 0),
    (1.0, 1.0, 63),
    (0.5, 0.5, 63),
    (1e-300, 1e-300, 63),
    (0.0, 0.0, 0),
    (0.3, 0.0, 0),
    (-0.1, 1.0, 0),
    (1.0000001, 1.0, 63),
    (7.0, 1.0, 63),
    (0.25, 0.5, 32),  # 31.5, to even
    (1 / 63, 1.0, 1),
    (62 / 63, 1.0, 62),
]


@pytest.mark.parametrize(("weight", "largest", "expected"), ENDS)
def test_levels(weight, largest, expected):
    found = level(weight, largest)
    assert found == expected
    assert isinstance(found, int)


def test_levels_rise_with_the_weight():
    levels = [level(weight, 0.7) for weight in np.linspace(0, 0.7, 1000)]
    assert all(first <= second for first, second in pairwise(levels))
    assert set(levels) == set(range(64))

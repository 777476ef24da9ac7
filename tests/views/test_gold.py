"""Whole screens against the ones that a person looked at and accepted: see gold/README.md."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attnviz.cli import run_command_line

GOLD = Path(__file__).parent / "gold"
RENEW = os.environ.get("ATTNVIZ_RENEW_GOLD") == "1"
WIDTHS = (40, 80, 200)

CAT = "The cat sat on the mat because it was tired"
MOUCH = "Lmouch gles 3la zerbiya 7it kan 3eyyan"
ARABIC = "القط كيقلب على الحوت حيت فيه الجوع"
SIXTY = " ".join([CAT, "and slept until the donkey came home to eat . "] * 3)

ARTICLE = (
    "For many years the roof of our school was empty and grey. Last autumn Dr. Smith and 24 pupils "
    "decided to build a garden there! Was it easy? No... but now it is green."
)
POEM = "القط كيقلب على الحوت\nحيت فيه الجوع بزاف بزاف بزاف.\n\nو من بعد نعس"

SCREENS = {
    "local": [CAT, "--type", "local"],
    "cross": [MOUCH, "--source", "The tired cat sat near the door all day"],
    "causal-arabic": [ARABIC, "--type", "causal", "--show", "table"],
    "global-arabic": [ARABIC, "--type", "global", "--global-tokens", "القط,الحوت"],
    "grid-of-10-heads": [CAT, "--heads", "10", "--show", "grid"],
    "arcs": [CAT, "--type", "causal", "--show", "arcs"],
    "top": [CAT, "--show", "top"],
    "heatmap-of-60-tokens": [SIXTY, "--type", "local", "--window", "5", "--show", "heatmap"],
    "sentences": [ARTICLE, "--merge", "sentences", "--type", "causal", "--explain"],
    "lines-arabic": [POEM, "--merge", "lines", "--show", "top", "--explain", "--lang", "ary-Arab"],
    "long": [SIXTY, "--type", "causal", "--heads", "6"],
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_the_accepted_one(name, width, monkeypatch, capsys):
    for variable in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "ATTNVIZ_LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LINES", "24")
    assert run_command_line(["run", *SCREENS[name]]) == 0
    screen = capsys.readouterr().out
    file = GOLD / f"{name}-{width}.txt"
    if RENEW:
        file.write_text(screen, encoding="utf-8", newline="\n")
        pytest.skip(f"{file.name} is written anew: look at it before you commit it")
    assert screen == file.read_text(encoding="utf-8")


def test_every_gold_file_is_of_a_screen():
    known = {f"{name}-{width}.txt" for name in SCREENS for width in WIDTHS}
    strange = {file.name for file in GOLD.glob("*.txt")} - known
    if RENEW:
        for name in strange:
            (GOLD / name).unlink()
        pytest.skip(f"taken away: {', '.join(sorted(strange)) or 'nothing'}")
    assert strange == set()

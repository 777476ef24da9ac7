"""Tables for spreadsheets: what would run is quoted, and nothing else."""

import csv
import io

import pytest

from attnviz.files.table import harmless, table_text


@pytest.mark.parametrize(
    "cell", ["=1+1", "+a", "-a", "@x", "\ta", "\rb", "-", "+1 2", "-1_0", "-١"]
)
def test_text_that_would_run_gets_an_apostrophe(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["a=1", "", "'", "-1", "-0.5", "+1e-5", "-inf", -1, -0.5, None, 3])
def test_what_does_not_run_stays(cell):
    assert harmless(cell) is cell


def test_a_table_reads_back():
    rows = [("of", "label", "effect"), ("head", 'a,"b"\nc', -0.5), ("token", "=x", None)]
    found = list(csv.reader(io.StringIO(table_text(rows), newline="")))
    assert found == [["of", "label", "effect"], ["head", 'a,"b"\nc', "-0.5"], ["token", "'=x", ""]]


def test_a_sign_that_begins_comments_is_quoted_wherever_it_stands():
    assert table_text([("a#1", "#", "b", 0.5)]) == '"a#1","#",b,0.5\n'

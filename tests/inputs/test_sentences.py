"""Sentences cut by hand, in four languages and three scripts."""

from __future__ import annotations

import time

import pytest

from attnviz.inputs.sentences import sentence_ends

# Sentences as they should be cut: the text is all of them, one after the other.
CUT = {
    "english": ["The cat sat.", " It was tired!", " Was it?", " Yes"],
    "titles": ["Dr. Smith and Mrs. Jones met Prof. Li at St. Mary.", " They left."],
    "initials": ["J. R. R. Tolkien v. Wade, p. 3.", " So did I.", " Then he slept."],
    "abbreviations": ["It is e.g. a cat, i.e. small, etc. and so on.", " Smith et al. agree."],
    "at the end of a sentence": ["We ate apples, pears, etc.", " Then we left at 5 p.m.", " Fine."],
    "before a small letter": ["In the U.S. border towns at 5 p.m. sharp.", " Ok."],
    "numbers": ["It is 3.5 km and 1,000.25 m.", " No. 5 won.", " See fig. 3 on page 3.", " Ok."],
    "no": ["He said no.", " Then he left."],
    "list": ["1. The first.", "\n2. The second.", "\n  12. The third."],
    "a year": ["It was in 1999.", " Then 2000 came.", "\nIt was\n2001.", " Fine."],
    "addresses": ["See example.com/a.b?c=d or x@y.org.", " Ok!", " v1.2.3 is out."],
    "ellipses": ["He wondered... maybe not.", " Well… perhaps.", " And so...", " Then he left."],
    "an ellipsis within": ["wait…what.", " wait...what."],
    "marks together": ["What?!", " No!!!", " Oh...?", " What ?", " So . . .", " He left ! !"],
    "quotes": ['"Really?" he asked.', " “Stop!”", " He ran.", " 'Yes.'", " She said “no.”", " Ok."],
    "brackets": [
        "It was late (very late.)",
        " (He slept.)",
        " [Yes!]",
        " It went on (oh!) and on.",
    ],
    "german quotes": ["Er sagte: „Komm.“", " Dann ging er."],
    "french": ["Quoi ?", " « Non ! » dit-il.", " M. Dupont arrive.", " « Ah. »", " Fin."],
    "what goes on": [
        "What ? , he said.",
        " واش؟، قالها.",
        " Oh!: yes.",
        " “Yes.” — he left.",
        " Ok.",
    ],
    "a dash on the next line": ["Yes.", "\n- An item.", "\n- Another."],
    "a line break says nothing": ["The cat\nsat on\r\nthe mat.", "\nIt slept\nthere."],
    "small letters": ["lmouch gles.", " kan 3eyyan!", " wach labas?", " ana labas"],
    "darija": ["Lbare7 chrit 3.5 kilo d l7out.", ' Galt "wach jiti?" w mchat.', " Safi..."],
    "arabic": ["كيف داير؟", " بخير، الحمد لله.", " شفت د. أحمد؛ كان مريض...", " من بعد مشينا!"],
    "arabic without a space": ["فين غادي؟!", "للسوق۔", "واخا.", "صافي"],
    "arabic quotes": ["«فين غادي؟»", " سولني.", " قال: «لا.»", " «ايه.»", " مشى"],
    "marks of direction": ["كيف داير؟\u200f", " بخير.\u200e", " ok"],
    "chinese": [
        "今天天气很好。",
        "我们去公园吧！",
        "你来吗？",
        "“好的。”",
        "他说……走了。",
        "3.5公里。",
    ],
    "japanese": ["「はい。」", "行きます．", "猫｡", "犬"],
    "hindi": ["यह एक वाक्य है।", " यह दूसरा है।"],
    "split into tokens": ["the cat sat .", " it was tired . . .", " and slept ! ?", " yes"],
    "emoji": ["Wow!", " 😀 Nice."],
    "a lone surrogate": ["a\ud800b is.", " Ok."],
    "nothing but marks": ["?!"],
    "nothing": [],
}


@pytest.mark.parametrize("name", CUT)
def test_sentences_end_where_a_reader_says(name):
    text, place, ends = "".join(CUT[name]), 0, []
    for sentence in CUT[name]:
        place += len(sentence)
        ends.append(place)
    found = sentence_ends(text).tolist()
    shown = [text[a:b] for a, b in zip([0, *found], [*found, len(text)], strict=True) if a < b]
    assert shown == CUT[name]
    assert set(ends[:-1]) <= set(found) <= set(ends)


HARD = {
    "stops": ". " * 100_000,
    "one stop after the other": "." * 200_000,
    "stops and dashes": ". - " * 50_000,
    "white space": "a." + " \n" * 100_000 + "b",
    "quotes": '."' * 100_000,
    "brackets": "a. " + "(" * 200_000,
    "letters": "a" * 200_000 + ".",
    "letters and stops": "a." * 100_000,
}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_no_text_takes_long(text):
    start = time.perf_counter()
    sentence_ends(text)
    assert time.perf_counter() - start < 5  # some tenths of a second; minutes where it is squared

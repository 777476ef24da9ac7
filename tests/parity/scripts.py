"""Texts in every script, drawn by the numbers of their characters, with what is odd in texts."""

import random
import unicodedata

ODD = (
    "The cat sat on the mat.", "Café naïve ÉCOLE", "كِتَابٌ جميل", "3lash 7it l7ob d'l7anout",
    "12345 6", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "日本語 テスト", "a  b\n\nc\td", "  lead", "trail  ",
    "the <user> cat<|endoftext|>x",
    "👍🏽 🇲🇦", "don't I'LL", "e\u0301 décomposé", "``quoted'' text",
    "<s> it </s> <mask> x <unk> <pad>", "[MASK] it [SEP] [CLS]", "สวัสดี", "हिन्दी", "ﬁ ﷽ ½",
    "a\u200bb\u00adc", "\u3000wide\u00a0nbsp", "x<extra_id_0>y", "a▁b", "(1) [2] {3}; a,b.c!",
    "\r\nwin\r\n", "a\x07c", "ﻻ", "Ⅷ ㎏", "straße ẞ İ ı",
)  # fmt: skip
BLOCKS = (
    (0x20, 0x7F), (0xA0, 0x250), (0x370, 0x400), (0x400, 0x500), (0x531, 0x588), (0x590, 0x5F5),
    (0x600, 0x700), (0x780, 0x7B2), (0x900, 0x980), (0x980, 0xA00), (0xA00, 0xA80), (0xB80, 0xC00),
    (0xE00, 0xE80), (0xE80, 0xF00), (0xF00, 0xFFF), (0x1000, 0x10A0), (0x10A0, 0x1100),
    (0x1100, 0x1200), (0x1200, 0x1380), (0x13A0, 0x1400), (0x1780, 0x1800), (0x1E00, 0x2000),
    (0x2000, 0x2070), (0x2100, 0x2150), (0x2190, 0x2200), (0x2D30, 0x2D80), (0x3000, 0x3100),
    (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0xFB00, 0xFB50), (0xFE70, 0xFF00), (0xFF00, 0xFFEF),
    (0x1F300, 0x1F650), (0x1D400, 0x1D500),
)  # fmt: skip
SEPARATORS = (" ", " ", "  ", "\n", "\t", " , ")


def drawn(n_texts=258, seed=5):
    """So many texts; the same ones for the same seed."""
    chance, found = random.Random(seed), list(ODD)
    while len(found) < n_texts:
        low, high = chance.choice(BLOCKS)
        words = [
            "".join(chr(chance.randrange(low, high)) for _ in range(chance.randint(1, 7)))
            for _ in range(chance.randint(1, 6))
        ]
        text = chance.choice(SEPARATORS).join(words)
        if text.strip() and all(unicodedata.category(c) != "Cs" for c in text):
            found.append(text)
    return found

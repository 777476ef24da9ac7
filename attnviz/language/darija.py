"""How Darija counts, in either script."""

from __future__ import annotations

from attnviz.digits import grouped

A_THOUSAND = 1000  # from which on nobody says "3 of" any more


def count(number: float, noun: str, *, nouns: dict[str, tuple[str, ...]], two: str, of: str) -> str:
    """Count as Darija does: one is a word after the noun, two is a word before it, 3 to 10
    take "d" and the plural, 11 and more the singular; and so again in every hundred below a
    thousand.

    nouns: one of it, its "one", several of it, and what "d" stands before where that is another
    word: nouns of Darija take the article there (3 d lkelmat), English ones do not."""
    singular, one, plural, *few = nouns[noun]
    if number == 1:
        return f"{singular} {one}"
    if number == 2:
        return f"{two} {plural}"
    if number == int(number) and number < A_THOUSAND and 3 <= number % 100 <= 10:
        return f"{number} {of} {few[0] if few else plural}"
    return f"{grouped(number)} {singular}"

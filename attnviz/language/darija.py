"""How Darija counts, in either script."""

from __future__ import annotations


def count(
    number: float, noun: str, *, nouns: dict[str, tuple[str, str, str]], two: str, of: str
) -> str:
    """One is a word after the noun, two is a word before it, 3 to 10 take "d" and the plural, 11
    and more the singular; and so again in every hundred."""
    singular, one, plural = nouns[noun]
    if number == 1:
        return f"{singular} {one}"
    if number == 2:
        return f"{two} {plural}"
    if number == int(number) and 3 <= number % 100 <= 10:
        return f"{number:,} {of} {plural}"
    return f"{number:,} {singular}"

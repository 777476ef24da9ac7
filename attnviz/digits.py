"""How large numbers are written for people, in every language."""

from __future__ import annotations

THOUSANDS = "\u202f"  # a narrow no-break space: it cannot be read as a decimal mark anywhere


def grouped(number: float, form: str = "") -> str:
    """Write a number with its thousands apart: 12 000. form: what follows the comma in a format
    specification, such as ".1f".

    Programs are given numbers as numbers, never this.
    """
    return format(number, f",{form}").replace(",", THOUSANDS)

"""Tables as other programs read them: lines above that begin with # are skipped."""


def below(text):
    """The lines of a table, its header first."""
    return [line for line in text.splitlines() if not line.startswith("#")]

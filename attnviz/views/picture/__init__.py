"""Pictures, drawn by matplotlib without pyplot and without a reader's own settings of it.

Whatever loads this package loads matplotlib first, once, in silence.
"""

from __future__ import annotations

import logging
import os
import sys

from attnviz.errors import AttnvizError


def _load_matplotlib() -> None:
    """Import matplotlib whatever MPLBACKEND, a matplotlibrc or HOME say: notebooks set the first to
    a module that other environments lack. A program that has imported it knows what it wants."""
    if "matplotlib" in sys.modules:
        return
    log = logging.getLogger("matplotlib")
    level, backend = log.level, os.environ.pop("MPLBACKEND", None)
    log.setLevel(logging.CRITICAL + 1)  # unknown settings, folders that cannot be written
    try:
        import matplotlib.font_manager  # noqa: F401 what it says in loading is said here
    except Exception as error:  # a matplotlibrc that cannot be read or decoded
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AttnvizError(
            f"matplotlib cannot be loaded: {reason}.",
            "Pictures need it. Look for a broken matplotlibrc in this folder.",
        ) from error
    finally:
        log.setLevel(level)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


_load_matplotlib()

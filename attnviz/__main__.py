"""`attnviz` and `python -m attnviz`."""

from __future__ import annotations

import sys

from attnviz import __version__


def main() -> None:
    """Run the command line and leave with its exit status."""
    if sys.argv[1:] == ["--version"]:  # answered before anything is imported
        print(f"attnviz {__version__}")
        sys.exit(0)
    try:
        from attnviz.cli import run_command_line

        status = run_command_line(sys.argv[1:])
    except KeyboardInterrupt:  # while still importing
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()

"""``grngc`` and ``python -m grngc``: nothing is imported before Ctrl-C is looked after."""

import sys
from typing import NoReturn

from .interrupts import INTERRUPTED, end, watch


def command() -> NoReturn:
    """Run the command line in this process, and end it."""
    watch()
    try:
        from .cli import main

        code = main()
    except KeyboardInterrupt:  # while importing
        end("interrupted")
    if code == INTERRUPTED:
        end()
    sys.exit(code)


if __name__ == "__main__":
    command()

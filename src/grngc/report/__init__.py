"""Results as one self-contained page: :mod:`.summary` says what is on it, :mod:`.render` makes it HTML."""

from .render import run_page, write_page
from .summary import summarise_run

__all__ = ["run_page", "summarise_run", "write_page"]

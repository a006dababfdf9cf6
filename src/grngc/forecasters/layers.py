"""What forecasters with hidden layers share."""

from ..arguments import check_whole


def check_layers(hidden: int, depth: int) -> None:
    """Refuse a forecaster without width or without hidden layers."""
    for name, value in (("hidden", hidden), ("depth", depth)):
        check_whole(name, value)

"""Jobs in this process instead of workers of their own, which take seconds to start, for tests of what is around."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class Here:
    """An engine (:class:`grngc.execution.cluster.Cluster`) that has done a call when it is put on its way."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []

    def slots(self) -> int:
        return 1

    def submit(self, call: Callable[..., bytes], *arguments: Any) -> int:
        self.answers.append(call(*arguments))
        return len(self.answers) - 1

    def ended(self, tickets: Sequence[int]) -> Sequence[int]:
        return tickets[:1]

    def answer(self, ticket: int) -> bytes:
        return self.answers[ticket]

    def cancel(self, tickets: Sequence[int]) -> None:
        pass


@contextmanager
def connected(workers: int | None, address: str | None) -> Iterator[Here]:
    yield Here()

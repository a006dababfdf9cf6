"""What can go wrong for a user, and the exit code the command line gives it."""


class InputError(ValueError):
    """Data or an argument cannot be used; the message says what came, what was expected, what to do (exit code 2)."""


class InputWarning(UserWarning):
    """Data can be used but look odd: unequal time steps, more series than points, ..."""


class CheckpointWarning(RuntimeWarning):
    """The state of a long run cannot be written: it goes on, to the same result, but could not after a kill."""


class DivergenceError(RuntimeError):
    """Training ran away or met NaN: there is no graph to trust (exit code 3)."""

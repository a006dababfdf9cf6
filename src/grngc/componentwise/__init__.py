"""Models with one network a target: all targets at once, descended on by proximal steps."""

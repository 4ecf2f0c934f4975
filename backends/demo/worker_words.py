"""What a worker process tells on its output, a word a line."""

READY = "ready"
"""Nothing that happens from now on is missed."""
HOLDING = "holding"
"""Its rounds are over: it does nothing more to the jobs that it holds."""

"""Measures every line of the budgets, each beside its reference in the same run: scripts/bench."""

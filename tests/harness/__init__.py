"""Real databases and a real terminal for tests, each private to the test run that starts it."""

"""Headless commands; starts the console."""

"""Colour themes and their loader."""

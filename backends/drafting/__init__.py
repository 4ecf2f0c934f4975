"""Drafts a profile for tables that no profile knows, by looking at them; it only ever reads."""

"""One module per screen, and presentation modules that turn values into lines."""

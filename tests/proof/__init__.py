"""What must not go wrong, tried on real servers: races, crashes, cut connections, refusals, quitting."""

"""What the checkout must look like; none of it is run against the wheel."""

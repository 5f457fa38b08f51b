"""Streets as one network for all modes."""

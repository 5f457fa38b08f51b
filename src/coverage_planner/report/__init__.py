"""Results -> things people look at."""

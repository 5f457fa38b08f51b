"""Where the next sites open."""

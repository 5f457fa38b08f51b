"""Which datum the positions of a file are really in: a paired comparison of their distances to the streets."""

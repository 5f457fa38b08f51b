"""Who is covered, who is not, and why."""

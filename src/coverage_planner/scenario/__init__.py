"""What is planned, and what comes of it."""

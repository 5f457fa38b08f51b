"""Times over the streets."""

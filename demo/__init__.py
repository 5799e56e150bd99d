"""The demo: load a simulated account and query it."""

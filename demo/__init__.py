"""The demo: a simulated account, loaded and asked."""

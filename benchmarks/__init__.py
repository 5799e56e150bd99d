"""Measure how close the tap comes to the account's rate limits: `make bench`, or `python -m benchmarks`."""

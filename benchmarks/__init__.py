"""How close the tap comes to what the account's rate limits allow. `make bench`, or `python -m benchmarks`."""

"""Access to Zoom's API: login, requests, answers, retries, rate limits, and the threads that send requests."""

"""Reading an account: which requests to send next, how to process answers, and where to resume."""

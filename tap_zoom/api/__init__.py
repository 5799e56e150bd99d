"""How Zoom is asked: requests and answers, the login, the limits, and the threads that wait for both."""

"""How an account is read: what is asked next, what is done with an answer, and where a stopped run goes on."""

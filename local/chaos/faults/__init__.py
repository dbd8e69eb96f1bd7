"""The kinds of faults, a file a kind: how each is done to the system, and what an operator would do to end it."""

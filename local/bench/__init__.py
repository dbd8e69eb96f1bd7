"""`make bench`: both jobs on the local stack, and a plain Python loop of the same functions beside each."""

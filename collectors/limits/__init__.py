"""Bounds on what comes from outside: bytes in flight, rates, log lines, open files."""

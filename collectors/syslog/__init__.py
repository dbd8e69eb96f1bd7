"""Syslog over TCP: frames, messages, and the listener that turns them into deliveries."""

"""Syslog over TCP, TLS and UDP: frames, messages, and the listeners that turn them into deliveries."""

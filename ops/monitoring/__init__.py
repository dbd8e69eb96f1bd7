"""What is generated for those who watch the system: `python -m ops.monitoring`."""

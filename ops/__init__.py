"""Commands for operators. Each is one module: `python -m ops.<command>`."""

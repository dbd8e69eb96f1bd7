"""The bounded job behind `python -m ops.reprocess`."""

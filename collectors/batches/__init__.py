"""From lines to batches: cutting, parsing, filling; pure."""

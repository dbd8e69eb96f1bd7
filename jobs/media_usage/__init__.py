"""Media usage: enriched batches become hourly sums, corrections and the ledger."""

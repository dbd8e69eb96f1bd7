"""Enrichment: raw batches become enriched batches, exactly once."""

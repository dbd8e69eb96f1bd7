"""The Flink jobs: enrichment, media usage, and the bounded reprocess job made of the same functions."""

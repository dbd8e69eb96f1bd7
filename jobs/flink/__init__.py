"""Thin edges between the jobs and Flink: connectors, checks, builds."""

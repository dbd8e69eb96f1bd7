"""The way into Kafka: producer, heartbeats, totals, and the comparison of clocks."""

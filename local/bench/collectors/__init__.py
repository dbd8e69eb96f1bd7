"""`make bench-collectors`: a real collector and broker under load, and rsyslog with omkafka beside it."""

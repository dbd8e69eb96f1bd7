"""Stateless collectors: CDN logs in over HTTP and syslog, batches out to Kafka, answered only once stored."""

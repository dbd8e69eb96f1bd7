"""The spool: deliveries that Kafka does not take, kept on disk until it does. Off unless configured."""

"""What travels between the programs: Protobuf messages, the batch contract, topics and SQL."""

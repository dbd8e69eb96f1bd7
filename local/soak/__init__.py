"""A soak: steady load on state in RocksDB for an hour, while memory, throughput and state are watched."""

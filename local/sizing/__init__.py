"""What a million records take on disk, measured: topics, billing database, state."""

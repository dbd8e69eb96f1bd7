"""A believable day of traffic, played through the local stack and compared with its bills."""

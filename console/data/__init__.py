"""Everything that is read from the billing database."""

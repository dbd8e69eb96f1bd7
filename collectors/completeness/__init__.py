"""What each source has sent, minute by minute."""

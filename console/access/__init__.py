"""Who may see what: tokens, sessions, and how often a token may ask."""

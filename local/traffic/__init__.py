"""Made-up viewers of made-up titles: what happens, the lines that CDNs write of it, and what it must bill."""

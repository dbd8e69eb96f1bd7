"""HTTP: deliveries in, health and metrics out. The only part that knows aiohttp."""

"""What every drill is made of: load that a seed draws, servers that carry it, and the proof that the bill is exact."""

"""From the bytes of a delivery to its lines. Part of id version v1: another cut would make other batch ids."""

"""The rules. Pure: no I/O, no clock, no randomness but key generation; everything it needs is handed in."""

"""Bytes in, safe bytes out. Knows nothing of cases, storage or the web."""

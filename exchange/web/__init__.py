"""The two sites and the JSON API (aiohttp). Handlers decide nothing: they parse, call a step, render."""

"""A secure asynchronous message exchange for restorative justice. Start with README.md and `steps/`."""

__version__ = "0.1.0"

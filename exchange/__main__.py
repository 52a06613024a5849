"""`python -m exchange` is `exchange`."""

from exchange.cli import app

if __name__ == "__main__":
    app(prog_name="exchange")

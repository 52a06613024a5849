"""Writes the vectors beside it: one of each envelope, as keys.py and links.py make them today.

    python -m tests.vectors.keys.make

They are kept so that a later change which cannot open what is stored fails a test.
"""

import json
from pathlib import Path

from exchange.core import keys, links
from exchange.core.recovery import recovery_text
from exchange.core.sealed import context

KEY = bytes(range(32))
HERE = context("service-1", "case-7", "", "", "vector")
CODE, SALT = "Acorn-barley compass", bytes(range(16))


def vectors() -> dict[str, dict[str, str]]:
    """File name to fields; all hex but `secret`, `code` and `text`."""
    pair, secret = keys.new_case_key(), links.new_secret()
    under_key = {"key": KEY.hex(), "context": HERE.hex()}
    to_case = {"private": pair.private.hex(), "public": pair.public.hex(), "context": HERE.hex()}
    return {
        "wrap": {**under_key, "blob": keys.wrap(KEY, b"a key", HERE).hex(), "plaintext": b"a key".hex()},
        "envelope": {**to_case, "blob": keys.seal_to(pair.public, KEY, HERE).hex(), "plaintext": KEY.hex()},
        "field-1": {**under_key, "blob": keys.seal_field(KEY, "Siân", HERE).hex(), "text": "Siân"},
        "field-2": {**to_case, "blob": keys.seal_field_to(pair.public, "Siân", HERE).hex(), "text": "Siân"},
        "link": {
            "secret": secret,
            "lookup_hash": links.lookup_hash(secret).hex(),
            "wrap_key": links.wrap_key(secret).hex(),
        },
        "session": {
            "secret": secret,
            "session_hash": links.session_hash(secret).hex(),
            "session_key": links.session_key(secret).hex(),
        },
        "code": {"code": CODE, "salt": SALT.hex(), "hash": links.code_hash(CODE, SALT).hex()},
        "sheet": {"key": KEY.hex(), "text": recovery_text(KEY)},
    }


def main() -> None:
    """Write every file."""
    for name, fields in vectors().items():
        (Path(__file__).parent / f"{name}.json").write_text(json.dumps(fields, indent=1) + "\n")


if __name__ == "__main__":
    main()

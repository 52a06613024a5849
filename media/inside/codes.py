"""Reads the squares (QR codes) on a page's picture by ZXing. Order: most (codes), longest (characters).

Descriptor 3 (a JPEG of ours) in; the answer is what they say. See docs/decisions/0030.
"""

import os

import zxingcpp
from PIL import Image

from media.inside import say


def main() -> None:
    """What every square on the page says, as text; those that are too long for a code of ours are left out."""
    asked = say.order()
    with os.fdopen(3, "rb") as file, Image.open(file, formats=["JPEG"]) as image:
        page = image.convert("L")
    found = zxingcpp.read_barcodes(
        page, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), text_mode=zxingcpp.TextMode.Plain
    )
    said = [one.text for one in found if one.valid and len(one.text) <= asked["longest"]]
    say.answer(codes=said[: asked["most"]])


if __name__ == "__main__":
    main()

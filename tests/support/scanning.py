"""Paper that went through an office scanner: askew, 150 dpi, grey, grainy; and readers of QR codes, not ours."""

import random
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy
import pypdfium2
from PIL import Image, ImageFilter

DPI = 150


def sheet(pdf: Path, number: int, dpi: int = DPI) -> Image.Image:
    """A page as it would be printed."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[number]
        image = page.render(scale=dpi / 72).to_pil().convert("L")
        page.close()
        return image


def scanned(image: Image.Image, degrees: float = 3.7, *, grain: float = 10.0, seed: int = 6) -> Image.Image:
    """The same after a scan: turned, a little unsharp, darker to one side, with grain (standard deviation of 255)."""
    turned = image.rotate(degrees, expand=True, fillcolor=238, resample=Image.Resampling.BICUBIC)
    soft = numpy.asarray(turned.filter(ImageFilter.GaussianBlur(0.8)), dtype=float)
    shade = numpy.linspace(0.78, 1.0, soft.shape[1])
    noise = numpy.random.default_rng(seed).normal(0.0, grain, soft.shape)
    return Image.fromarray(numpy.clip(soft * shade + noise, 0, 255).astype("uint8"))


def opencv(image: Image.Image) -> str:
    """What OpenCV's detector reads, the grain smoothed; "" for nothing."""
    text, *_ = cv2.QRCodeDetector().detectAndDecode(cv2.medianBlur(numpy.asarray(image), 3))
    return str(text)


ZBAR = shutil.which("zbarimg")
"""Of Debian's zbar-tools. OpenCV is there wherever the tests are; this one reads besides, where it is installed."""


def zbar(image: Image.Image, folder: Path) -> str:
    """What zbarimg reads; "" for nothing."""
    path = folder / f"scan-{random.getrandbits(64):016x}.png"
    image.save(path)
    command = [str(ZBAR), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()

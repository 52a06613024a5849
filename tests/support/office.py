"""LibreOffice (Debian: libreoffice-writer-nogui): whether it is here, and documents of its kinds, good and hostile."""

import zipfile
from pathlib import Path

from media import office
from media.sandbox import PROVIDERS, works

_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"), ("text", "text"), ("draw", "drawing"), ("svg", "svg-compatible"), ("script", "script"),
        ("style", "style"), ("fo", "xsl-fo-compatible"), ("table", "table"),
    )
) + ' xmlns:xlink="http://www.w3.org/1999/xlink"'  # fmt: skip
_MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
    'manifest:version="1.3"><manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.text"/>{more}</manifest:manifest>'
)

_ENTRY = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="text/xml"/>'


def has_office() -> bool:
    """True where LibreOffice is installed and can be confined."""
    return any(office.can_set(provider) for provider in PROVIDERS if works(provider))


def odt(path: Path, body: str, *, scripts: str = "", more: str = "", **entries: bytes) -> Path:
    """An OpenDocument text with this `office:text` body; `entries` are further files (`_` in a name stands for `/`)."""
    content = (
        f'<?xml version="1.0"?><office:document-content {_NAMES} office:version="1.3">{scripts}'
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        named = {name.replace("_", "/"): data for name, data in entries.items()}
        listed = "".join(_ENTRY.format(name) for name in ("content.xml", *named))
        archive.writestr("META-INF/manifest.xml", _MANIFEST.format(more=listed + more))
        for name, data in named.items():
            archive.writestr(name, data)
    return path


def picture(href: str) -> str:
    """A paragraph with a picture that lies elsewhere."""
    place = 'svg:width="9cm" svg:height="9cm" text:anchor-type="as-char"'
    return (
        f'<text:p><draw:frame {place}><draw:image xlink:href="{href}" xlink:type="simple" xlink:show="embed" '
        'xlink:actuate="onLoad"/></draw:frame></text:p>'
    )


def section(href: str) -> str:
    """A section whose words lie in another file."""
    source = f'<text:section-source xlink:href="{href}" xlink:type="simple"/>'
    return f'<text:section text:name="linked">{source}<text:p>own words</text:p></text:section>'


def ole(href: str) -> str:
    """A linked object."""
    link = f'<draw:object xlink:href="{href}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/>'
    return f'<text:p><draw:frame svg:width="9cm" svg:height="9cm">{link}</draw:frame></text:p>'

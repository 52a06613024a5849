"""What scripts, templates, packages and the files for running it never do, read as text (OWASP ASVS 5.0.0)."""

import re
import ssl
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB = ROOT / "exchange" / "web"
SCRIPTS = {
    path.relative_to(WEB).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((WEB / "static").rglob("*.js"))
    if "vendor" not in path.parts
}
TEMPLATES = {
    path.relative_to(WEB / "templates").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((WEB / "templates").rglob("*.html"))
}
NGINX = [line.strip() for line in (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8").splitlines()]


def holding(texts: dict[str, str], pattern: str) -> list[tuple[str, str]]:
    """(file, what was found) for every match."""
    return [(name, found[0]) for name, text in texts.items() for found in re.finditer(pattern, text)]


def test_scripts_write_text_never_markup() -> None:
    """textContent and elements, no innerHTML, no code from strings (3.2.2, 1.2.3)."""
    assert len(SCRIPTS) > 8
    assert (
        holding(SCRIPTS, r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:")
        == []
    )


def test_scripts_keep_nothing_in_the_browser() -> None:
    """No storage, no cookies, no caches (14.3.3)."""
    assert holding(SCRIPTS, r"localStorage|sessionStorage|indexedDB|document\.cookie|\bcaches\b|window\.name") == []


def test_scripts_listen_to_no_other_window() -> None:
    """No messages, no JSONP, no opener (3.5.5, 3.5.6)."""
    assert holding(SCRIPTS, r"postMessage|[\"']message[\"']\s*,|callback=|window\.opener|window\.open\(") == []


def test_scripts_are_modules_without_globals_or_loose_objects() -> None:
    """Declared variables, strict comparison, nothing merged into objects by a foreign key (3.2.3, 15.3.6)."""
    assert holding(SCRIPTS, r"__proto__|\.prototype\s*=|Object\.assign|\bvar \b|\bwith\s*\(") == []
    assert holding(SCRIPTS, r"[^=!]==[^=](?!=\s*null)|!=[^=]") == [("static/progress.js", "!= ")]
    loaded = holding(TEMPLATES, r"<script\b[^>]*>")
    assert len(loaded) > 5
    classic = {"tus.min.js", "first.js"}  # the one is a library's only build; the other must run before the page shows
    assert [tag for _, tag in loaded if "module" not in tag and not any(name in tag for name in classic)] == []


def test_pages_load_from_this_site_only() -> None:
    """Scripts, styles, pictures and forms name no other host (3.6.1, 14.2.3)."""
    assert (
        holding(
            TEMPLATES, r"<(script|link|img|iframe|form|video|audio|source)\b[^>]*(src|href|action)=[\"']?(https?:)?//"
        )
        == []
    )
    assert holding(TEMPLATES, r"<(iframe|object|embed|applet)\b") == []


def test_templates_are_files_that_escape() -> None:
    """Nothing is marked as safe and no template is made of what came in (1.1.2, 1.2.1, 1.3.7)."""
    assert holding(TEMPLATES, r"\|\s*safe\b|autoescape\s+false") == []
    python = {p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8") for p in (ROOT / "exchange").rglob("*.py")}
    assert holding(python, r"from_string\(|jinja2\.Template\(|autoescape=False") == []
    assert {name for name, _ in holding(python, r"Markup\(")} == {"exchange/web/frame/qr.py"}


def test_no_script_or_style_stands_in_a_page() -> None:
    """So that the policy needs no exception (3.4.3)."""
    assert holding(TEMPLATES, r"\son[a-z]+=|\sstyle=[\"']|javascript:") == []
    assert [tag for _, tag in holding(TEMPLATES, r"<script\b[^>]*>") if "src=" not in tag] == []


SIGN_OUT = '{% include "layout/_sign_out.html" %}'


def test_every_console_page_has_the_way_out_in_view() -> None:
    """Signing out stands in the layout that all of them share (7.4.4)."""
    assert 'action="/sign-out"' in TEMPLATES["layout/_sign_out.html"]
    assert SIGN_OUT in TEMPLATES["layout/console.html"]
    pages = {n: t for n, t in TEMPLATES.items() if n.startswith("console/") and not Path(n).name.startswith("_")}
    assert len(pages) > 40
    # the screen that a recipient reads at, and sheets for the printer, have a frame of their own
    apart = {"console/messages/present.html", "console/messages/printed.html"}
    assert {name for name, text in pages.items() if '"layout/console.html"' not in text} == apart
    assert [name for name in apart if SIGN_OUT not in pages[name]] == []


def test_every_package_is_pinned_with_its_hash() -> None:
    """The lock files are the inventory, and name no place to get things from (15.1.2, 15.2.4)."""
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        packages = re.findall(r"^[a-z0-9][\w.\-\[\]]*==\S+.*(?:\n\s+--hash=sha256:[0-9a-f]{64}.*)*", text, re.MULTILINE)
        assert len(packages) > 30
        assert [one.split()[0] for one in packages if "--hash=sha256:" not in one] == []
        assert re.findall(r"^(?!\s|#|$)(?![\w.\-\[\]]+==).*", text, re.MULTILINE) == []
    locked = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert locked.count('"integrity": "sha512-') == locked.count('"version":') > 20


def test_the_image_holds_what_runs_and_nothing_else() -> None:
    """No history, no tests, no keys, no tools (13.4.1, 15.2.3)."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    taken = {line[1:] for line in ignored if line.startswith("!")}
    assert taken == {"requirements.lock", "package.json", "package-lock.json", "pyproject.toml", "exchange", "media",
                     "workers", "tools/assets.py", "tools/mirror.py"}  # fmt: skip
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for line in copied for name in line.split()} == taken


def test_the_proxy_speaks_good_tls_and_nothing_else() -> None:
    """TLS 1.2 and 1.3, forward secrecy, AEAD; no plain port (12.1.1, 12.1.2, 12.2.1, 4.1.2)."""
    said = {line.partition(" ")[0]: line.partition(" ")[2].rstrip(";") for line in NGINX}
    assert said["ssl_protocols"].split() == ["TLSv1.2", "TLSv1.3"]
    assert said["ssl_prefer_server_ciphers"] == "on"
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.set_ciphers(said["ssl_ciphers"])
    known = {one["name"]: one for one in tls.get_ciphers()}
    named = said["ssl_ciphers"].split(":")
    assert [name for name in named if not (known[name]["aead"] and known[name]["kea"] == "kx-ecdhe")] == []
    listening = [line for line in NGINX if line.startswith("listen ")]
    assert len(listening) == 2
    assert all(line.endswith(" ssl;") for line in listening)
    assert "auto_https disable_redirects" in (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")


def test_the_proxy_says_by_itself_from_where_a_request_comes() -> None:
    """What a visitor wrote into the header is replaced, in both configurations (4.1.3, 15.3.4)."""
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    caddy = (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8")
    assert caddy.count("header_up X-Forwarded-For {remote_host}") == caddy.count("reverse_proxy ")

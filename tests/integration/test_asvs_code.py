"""What the code as a whole never does, read from its syntax trees (OWASP ASVS 5.0.0, chapters 1, 3, 11, 13)."""

import ast
import functools
import importlib
import re
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs" / "security-rules.md"
OURS = ("exchange", "media", "workers")
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
MAKES_OBJECTS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "yaml", "ruamel"}
TALKS = {
    "aiosmtplib", "ftplib", "http.client", "httpx", "hvac", "minio", "requests", "smtplib", "socket",
    "urllib.request", "urllib3",
}  # fmt: skip
SEALS = {
    "argon2",
    "authlib",
    "cryptography",
    "hashlib",
    "hmac",
    "hvac",
    "joserfc",
    "jwt",
    "pkcs11",
    "pyotp",
    "webauthn",
}
ERRORS_ONLY = {"cryptography.exceptions", "minio.error"}


@functools.cache
def modules() -> dict[str, ast.Module]:
    """Every module of the service, parsed."""
    paths = (path for name in OURS for path in sorted((ROOT / name).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@functools.cache
def nodes() -> list[tuple[str, ast.AST]]:
    """(file, node) of everything that is looked at."""
    looked_at = (ast.Call, ast.Attribute)
    return [(name, node) for name, tree in modules().items() for node in ast.walk(tree) if isinstance(node, looked_at)]


@functools.cache
def calls() -> list[tuple[str, str, ast.Call]]:
    """(file, dotted name of what is called, call)."""
    return [(name, dotted(node.func), node) for name, node in nodes() if isinstance(node, ast.Call)]


def dotted(node: ast.AST) -> str:
    """`a.b.c`; what stands before the dots is left out where it is no name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@functools.cache
def imported(name: str) -> frozenset[str]:
    """The dotted names that a module imports."""
    found = set()
    for node in ast.walk(modules()[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def importers(wanted: set[str]) -> set[str]:
    """The files that import one of these packages, errors apart."""
    return {
        file
        for file in modules()
        if any(
            one == name or one.startswith(name + ".")
            for one in imported(file)
            if not any(one == e or one.startswith(e + ".") for e in ERRORS_ONLY)
            for name in wanted
        )
    }


def listed(heading: str) -> set[str]:
    """The files in the first column of the first table under a heading of the security rules."""
    section = RULES.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `((?:exchange|media|workers)/[^`]+\.py)` \|", section, re.MULTILINE))


def is_fixed(node: ast.AST) -> bool:
    """A literal, a name in capitals, or literals and such names put together."""
    if isinstance(node, ast.JoinedStr):
        return all(is_fixed(v.value) if isinstance(v, ast.FormattedValue) else True for v in node.values)
    if isinstance(node, ast.BinOp):
        return is_fixed(node.left) and is_fixed(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return is_fixed(node.func.value) and all(is_fixed(k.value) for k in node.keywords)
    name = ast.unparse(node).rpartition(".")[2]
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name | ast.Attribute) and name.isupper())


TABLES = {
    "exchange/web/api/record.py": "exchange.steps",  # the lines are made by `core/export_csv.py`, below
    "exchange/web/console/record.py": "exchange.steps",
    "exchange/store/ledger_read.py": "exchange.core.export_csv",
    "exchange/core/export_csv.py": "exchange.core.csv_table.row",
    "exchange/web/statistics_table.py": "exchange.core.csv_table.row",
    "exchange/web/api/supervising.py": "exchange.web.statistics_table",
    "exchange/web/console/importing.py": "exchange.core.case_table",
    "exchange/core/case_table.py": "exchange.core.csv_table",
}
"""Who says that it hands out a table, and whose lines those are, down to the one writer."""


def test_every_table_leaves_through_one_writer() -> None:
    """Nothing else imports `csv`, and whoever names its media type takes the lines from there (1.2.10)."""
    assert importers({"csv"}) == {"exchange/core/csv_table.py"}
    says = {
        file
        for file, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and str(node.value).startswith("text/csv")
    }
    assert says <= TABLES.keys()
    assert [file for file, source in TABLES.items() if not any(n.startswith(source) for n in imported(file))] == []


def test_no_text_becomes_code_or_objects() -> None:
    """No eval, no exec, no deserialiser that makes objects of what it reads (1.3.2, 1.5.2)."""
    run = [(file, call) for file, name, call in calls() if name in RUNS_TEXT]
    assert [(file, ast.unparse(call)) for file, call in run if not (call.args and is_fixed(call.args[0]))] == []
    assert {ast.unparse(call.func) for _, call in run} <= {"__import__"}
    assert importers(MAKES_OBJECTS) == set()


def test_no_command_goes_through_a_shell() -> None:
    """Programs are started with a list of arguments (1.2.5)."""
    shells = {"os.system", "os.popen", "subprocess.getoutput", "asyncio.create_subprocess_shell", "pty.spawn"}
    assert [(file, name) for file, name, _ in calls() if name in shells] == []
    assert [(file, name) for file, name, call in calls() for k in call.keywords if k.arg == "shell"] == []


def test_sql_is_bound_and_never_put_together_from_values() -> None:
    """Statements written as text are constants; values are bound or go through SQLAlchemy's expressions (1.2.4)."""
    texts = [
        (file, call) for file, name, call in calls() if name in ("text", "sqlalchemy.text", "conn.exec_driver_sql")
    ]
    assert len(texts) > 20
    loose = [(file, ast.unparse(call)) for file, call in texts if not is_fixed(call.args[0])]
    # it joins those of its own conditions that apply
    assert loose == [("exchange/store/ledger_read.py", "text(statement)")]


def test_patterns_are_fixed() -> None:
    """No regular expression is made of what came in (1.2.9)."""
    made = [(file, call) for file, name, call in calls() if name.startswith("re.") and call.args]
    assert len(made) > 10
    # made when the module is loaded: of the closed list of keys of a leaf, and of parts that stand in the file
    known = {"exchange/core/leaf_text.py", "exchange/core/leak_patterns.py"}
    known.add("exchange/core/leaks.py")  # looks for words of the case's own list, each escaped
    assert [(file, ast.unparse(c)) for file, c in made if file not in known and not is_fixed(c.args[0])] == []


def compiled() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """Every pattern that a module keeps, and those written at the place of their use."""
    found: dict[str, re.Pattern[str] | re.Pattern[bytes]] = {}
    for file, name, call in calls():
        if name == "re.compile":
            module = importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
            found |= {f"{file} {key}": one for key, one in vars(module).items() if isinstance(one, re.Pattern)}
        elif name.startswith("re.") and call.args and isinstance(call.args[0], ast.Constant):
            found[f"{file} {call.lineno}"] = re.compile(call.args[0].value)
    return found


def test_no_pattern_takes_long_over_a_hostile_text() -> None:
    """Long runs of whatever it looks for, spoilt at the end: each is done in no time (1.3.12)."""
    patterns = compiled()
    assert len(patterns) > 15
    slow = []
    for name, pattern in patterns.items():
        signs = [*sorted({*str(pattern.pattern)} | set('aA0 -_=."')), "ab", "a0", "a.", "a-", "0:", "a, ", '{"a":"']
        for sign in signs:
            text = sign * (4000 // len(sign)) + "\x00!"
            began = perf_counter()
            hostile: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
            pattern.search(hostile)
            pattern.fullmatch(hostile)
            if perf_counter() - began > 0.5:
                slow.append((name, sign))
    assert slow == []


def test_no_log_formats_a_value_into_its_event() -> None:
    """An event is a word; values are fields beside it, which the renderer encodes (1.3.10, 16.4.1)."""
    written = [
        (file, call)
        for file, name, call in calls()
        if re.fullmatch(r"log\.(debug|info|warning|error|critical|exception)", name)
    ]
    assert written
    assert [file for file, call in written if not (call.args and isinstance(call.args[0], ast.Constant))] == []


def test_only_the_listed_modules_open_connections() -> None:
    """Whoever adds one says in docs/security-rules.md to whom it talks (1.3.6, 13.1.1, 13.2.4, 13.2.5)."""
    # the one names options of a connection it was given, the other tries in the sandbox whether it can (it cannot)
    found = importers(TALKS) - {"exchange/web/streaming.py", "media/inside/probe.py"}
    named = listed("Whom the service talks to")
    ways = ("create_async_engine", "open_unix_connection", "ClientSession")
    makers = {file for file, name, _ in calls() if name.rpartition(".")[2] in ways}
    assert found | makers == named
    opened = {"open_connection", "ClientSession", "create_connection", "urlopen", "create_datagram_endpoint"}
    assert {file for file, name, _ in calls() if name.rpartition(".")[2] in opened} <= named


def test_cryptography_is_where_the_inventory_says() -> None:
    """Whoever adds a use adds it to docs/security-rules.md (11.1.2, 11.1.3, 11.2.1)."""
    assert importers(SEALS) == listed("Keys and algorithms")


def test_only_approved_algorithms_are_used() -> None:
    """No MD5, RC4, ECB, CBC; SHA-1 only for tus' checksum, which guards nothing (11.3.1, 11.3.2, 11.4.1)."""
    weak = re.compile(r"\b(md4|md5|des|triple_?des|rc4|arc4|blowfish|idea|cast5|ecb|cbc|pkcs1v15)\b", re.IGNORECASE)
    named = [(file, node.attr) for file, node in nodes() if isinstance(node, ast.Attribute)]
    named += [(file, name.rpartition(".")[2]) for file in modules() for name in imported(file)]
    assert [one for one in named if weak.fullmatch(one[1])] == []
    assert {file for file, name in named if name.lower() == "sha1"} <= {"exchange/steps/stream.py"}
    ciphers = {name for file in modules() for name in imported(file) if "ciphers" in name}
    assert {name.rpartition(".")[2] for name in ciphers} == {"aead", "AESGCM"}


def test_what_must_not_be_guessed_is_never_from_a_pseudo_random_generator() -> None:
    """Python's `random` is not imported at all, and no UUID is a secret (11.5.1)."""
    assert importers({"random", "numpy.random"}) == set()
    assert [(file, name) for file, name, _ in calls() if name.rpartition(".")[2] in ("uuid1", "uuid3", "uuid5")] == []


def test_settings_cannot_switch_on_debugging() -> None:
    """No debug mode of the event loop, the web framework or the database engine is reachable (13.4.2)."""
    switches = {"debug", "echo", "reload", "set_debug"}
    asked = [(file, k.arg) for file, _, call in calls() for k in call.keywords if k.arg in switches]
    assert asked == []
    assert [file for file, name, _ in calls() if name.rpartition(".")[2] == "set_debug"] == []

"""The rule of the rooms, held: osc_schemas say, sessions think, models imagine, bridge touches.

Imports are read from the source, so an arrow that only a rare branch takes is seen as well. The tables below are the
rule; whoever needs an exception enters it here, with its reason.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("osc_schemas", "sessions", "models", "bridge")
LINES_MAX = 350  # a file above this is two files

STDLIB = frozenset(sys.stdlib_module_names)

# What thinks must be repeatable: it gets bytes, a time and entropy as arguments and hands values back.
IMPURE = frozenset(
    """
    asyncio concurrent ctypes fcntl ftplib getpass glob http imaplib io locale logging mmap multiprocessing os pathlib
    platform queue random sched secrets select selectors shelve shutil signal smtplib socket socketserver sqlite3 ssl
    subprocess sys tempfile threading time tkinter urllib webbrowser
    """.split()
)
# What the network, the wall clock and the world's processes are made of: nothing for those who imagine.
WORLD = frozenset(
    """
    asyncio ftplib http imaplib multiprocessing sched select selectors smtplib socket socketserver sqlite3 ssl
    subprocess time urllib webbrowser xmlrpc
    """.split()
)
MUSIC_LIBRARIES = frozenset(
    "numpy scipy symusic pretty_midi mido pyloudnorm torch safetensors numba llvmlite tokenizers".split()
)

# Third-party libraries of the bridge and where they may be used; `cli` may also use typer and rich.
BRIDGE_LIBRARIES = ("bridge/ports/", "bridge/wire/", "bridge/engine/")
CLI_LIBRARIES = frozenset({"typer", "rich"})
ELSEWHERE = {
    ("bridge/config.py", "platformdirs"),  # names a folder, touches nothing
    ("bridge/bench/attacks/target.py", "websockets"),  # a client from outside, not ours
    ("bridge/bench/attacks/floods.py", "websockets"),
    ("bridge/bench/compose.py", "transformers"),  # what ours is measured against, where it is installed
    ("bridge/bench/compose.py", "torch"),
    ("bridge/bench/stems.py", "transformers"),
    ("bridge/bench/stems.py", "torch"),
    ("bridge/bench/gpu.py", "torch"),
    ("bridge/bench/peers.py", "pythonosc"),
    ("bridge/bench/peers.py", "websockets"),
    ("bridge/bench/players.py", "websockets"),  # what its players speak
    ("bridge/bench/checkpoint.py", "torch"),
    ("bridge/bench/checkpoint.py", "numpy"),
}

# Commands under models that a person starts may show how far they are.
MODEL_TOOLS = {
    ("models/compose/corpus/__main__.py", "rich"),
    ("models/compose/ngram.py", "rich"),
    ("models/compose/train.py", "rich"),
    ("models/compose/train.py", "time"),  # trains for so many minutes; what it learns from a batch knows no time
    ("models/compose/curves.py", "matplotlib"),  # draws them where it is there
    ("models/render/audiocraft/worker.py", "audiocraft"),  # runs in the Python that has it; nothing else imports that
    ("models/render/audiocraft/worker.py", "transformers"),
    ("models/render/audiocraft/worker.py", "huggingface_hub"),
    ("models/compose/tokens/miditok_adapter.py", "miditok"),  # for its users; nothing else imports that file
}

HEAVY = (
    "torch",
    "transformers",
    "tokenizers",
    "numba",
    "scipy",
    "numpy",
    "symusic",
    "pretty_midi",
    "pyloudnorm",
    "mido",
    "typer",
    "rich",
    "zeroconf",
    "cryptography",
    "huggingface_hub",
)


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: who imports what, and whether only type checkers see it."""

    file: str
    line: int
    module: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


@cache
def sources() -> tuple[tuple[str, ast.Module, str], ...]:
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found.append((path.relative_to(ROOT).as_posix(), ast.parse(text), text))
    return tuple(found)


def imports(room: str) -> Iterator[Import]:
    for file, tree, _ in sources():
        if not file.startswith(f"{room}/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    yield Import(file, node.lineno, name.name)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}:{node.lineno}: relative imports hide which room they go to"
                for name in node.names:
                    yield Import(file, node.lineno, f"{node.module}.{name.name}")


def calls(file_prefix: str) -> Iterator[tuple[str, int, str]]:
    """Calls by name: `open(...)`, `datetime.now(...)`."""
    for file, tree, _ in sources():
        if file.startswith(file_prefix):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    yield file, node.lineno, ast.unparse(node.func)


def offenders(found: Iterator[Import]) -> str:
    return "\n".join(sorted({str(one) for one in found}))


def test_osc_schemas_know_the_standard_library_only() -> None:
    assert not offenders(one for one in imports("osc_schemas") if one.top not in STDLIB | {"osc_schemas"})


def test_sessions_know_the_standard_library_and_themselves() -> None:
    allowed = STDLIB | {"sessions"}
    assert not offenders(
        one
        for one in imports("sessions")
        if one.top not in allowed and not (one.top == "nacl" and one.file == "sessions/keys.py")
    )


def test_sessions_do_no_io_and_know_no_clock_and_no_chance() -> None:
    assert not offenders(one for one in imports("sessions") if one.top in IMPURE)
    forbidden = ("open", "input", "print", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "uuid4")
    assert not [
        call for call in calls("sessions/") if call[2] in forbidden or call[2].endswith((".now", ".utcnow", ".uuid4"))
    ]


def test_nacl_lives_in_one_file() -> None:
    everywhere = {one.file for room in ROOMS for one in imports(room) if one.top == "nacl"}
    assert everywhere <= {"sessions/keys.py"}


def test_models_know_music_and_nothing_of_the_bridge_the_network_or_the_clock() -> None:
    ours = ("sessions.music", "sessions.errors", "models")
    assert not offenders(
        one
        for one in imports("models")
        if (one.file, one.top) not in MODEL_TOOLS
        and (
            one.top in WORLD
            or (one.top in ROOMS and not one.module.startswith(ours))
            or (one.top not in STDLIB | MUSIC_LIBRARIES and one.top not in ROOMS)
        )
    )
    assert not [call for call in calls("models/") if call[2].endswith((".now", ".utcnow", ".today"))]


def test_third_party_libraries_of_the_bridge_live_at_its_doors() -> None:
    def allowed(one: Import) -> bool:
        if one.top in STDLIB or one.top in ROOMS or (one.file, one.top) in ELSEWHERE:
            return True
        if one.file.startswith("bridge/cli/") or one.file == "bridge/__main__.py":
            return one.top in CLI_LIBRARIES
        return one.file.startswith(BRIDGE_LIBRARIES)

    assert not offenders(one for one in imports("bridge") if not allowed(one))


def test_each_third_party_library_of_the_bridge_has_one_home() -> None:
    """A file, or a folder of one port: who wants to replace the library knows where to go."""
    homes: dict[str, set[str]] = {}
    for one in imports("bridge"):
        if one.top not in STDLIB and one.top not in ROOMS and one.top not in CLI_LIBRARIES:
            if one.file.startswith("bridge/bench/"):
                continue  # what ours is measured against
            homes.setdefault(one.top, set()).add("/".join(one.file.split("/")[:3]))
    assert {library: sorted(files) for library, files in homes.items() if len(files) > 1} == {}


@pytest.mark.parametrize("room", ["osc_schemas", "sessions", "models", "bridge"])
def test_nobody_imports_himself_around_a_corner(room: str) -> None:
    """Imports for type checkers only count too: who is above whom must be plain."""
    modules = {_module(file) for file, _, _ in sources()}
    below: dict[str, set[str]] = {module: set() for module in modules}
    for one in imports(room):
        imported = one.module if one.module in modules else one.module.rpartition(".")[0]
        below[_module(one.file)].update({imported} & modules - {_module(one.file)})
    for _ in range(len(modules).bit_length()):  # each round doubles how far it sees
        below = {module: found.union(*(below[one] for one in found)) for module, found in below.items()}
    assert [module for module, found in below.items() if module in found] == []


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_imports_the_tests(room: str) -> None:
    assert not offenders(one for one in imports(room) if one.top in {"tests", "examples", "pytest", "hypothesis"})


@pytest.mark.parametrize("module", ["sessions", "osc_schemas", "bridge", "bridge.server", "bridge.__main__"])
def test_the_server_starts_light(module: str) -> None:
    """Neither torch nor the number libraries, nor what only some starts need: the process that keeps time loads what it needs."""
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


def test_every_module_says_what_it_is_and_stays_short() -> None:
    undescribed = [file for file, tree, text in sources() if text.strip() and not ast.get_docstring(tree)]
    long = [(file, n) for file, _, text in sources() if (n := text.count("\n")) > LINES_MAX]
    assert (undescribed, long) == ([], [])


def test_the_rules_see_what_they_forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The net has no hole: a file with every sin is caught by every rule."""
    text = "import time, nacl, torch, bridge.host\ndef f():\n    from pathlib import Path\n    open('x')\n"
    sinner = (("sessions/sin.py", ast.parse(text), text),)
    monkeypatch.setattr(sys.modules[__name__], "sources", lambda: sinner)
    assert {one.top for one in imports("sessions")} == {"time", "nacl", "torch", "bridge", "pathlib"}
    for rule in (
        test_sessions_know_the_standard_library_and_themselves,
        test_sessions_do_no_io_and_know_no_clock_and_no_chance,
        test_nacl_lives_in_one_file,
        test_every_module_says_what_it_is_and_stays_short,
    ):
        with pytest.raises(AssertionError):
            rule()

"""`starbridge verify`: a take's file or certificate. Who asked for it, what made it, and is it unchanged?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from bridge.cli.telling import plain
from sessions.canonical import parse_object
from sessions.errors import Code, Refused
from sessions.use import is_commercial, use_sentence

if TYPE_CHECKING:
    from sessions.certificate import Certificate
    from sessions.keys import VerifierKey

__all__ = ["verify"]

CERTIFICATE = "certificate.json"
MAX_FILE = 2 << 30
"""Bytes of a file to check; an hour of stereo at 96 kHz fits."""


def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A take's MIDI or WAV file, or its certificate.", show_default=False)
    ],
    key: Annotated[
        str | None,
        typer.Option(
            "--key", metavar="VKEY", help="The log key you expect (name+id+key); a checkpoint's owner prints it."
        ),
    ] = None,
) -> None:
    """Check a take's file or certificate: who made it, from what, and whether it is unchanged.

    A file finds its certificate beside it or one folder up; a certificate, its files beside it. Exit 0: what is here
    holds, and what is missing is named. Exit 1: something was changed, and what.

    [bold]Examples[/bold]

      starbridge verify drop/mix.wav

      starbridge verify drop/certificate.json --key "starbridge.local/jam/3b6a27bc+4857ad71+ATtq..."
    """
    from sessions.keys import VerifierKey

    expected = VerifierKey.parse(key) if key is not None else None
    data = read(file)
    if looks_like_certificate(data):
        certificate = check_certificate(file, data, expected)
        checked = check_files_beside(file.parent, certificate)
        missing = [name for name in sorted(certificate.files) if name not in checked]
    else:
        certificate, name = find_certificate(file, data, expected)
        checked, missing = [name], []
    show(certificate, checked, missing)


def read(file: Path) -> bytes:
    """A file's bytes; raises `Refused` for what is none or too large."""
    if not file.is_file():
        raise Refused(
            Code.BAD_VALUE, f"{file}: there is no such file; give a take's MIDI or WAV file, or its certificate"
        )
    if file.stat().st_size > MAX_FILE:
        raise Refused(Code.TOO_LARGE, f"{file}: it is larger than any file of a take")
    return file.read_bytes()


def looks_like_certificate(data: bytes) -> bool:
    """JSON, and not a file of a take."""
    return data.lstrip()[:1] == b"{"


def refusal(data: bytes) -> str | None:
    """The advice of a server's refusal, which a download that nobody looked at has saved; None for anything else."""
    try:
        said = parse_object(data)
    except Refused:
        return None
    return plain(said["advice"], 500) if said.keys() == {"code", "advice"} else None


def check_certificate(path: Path, data: bytes, expected: VerifierKey | None) -> Certificate:
    from sessions.certificate import verify_certificate

    if (said := refusal(data)) is not None:
        raise Refused(Code.BAD_VALUE, f"{path}: a server's refusal was saved here instead of a file: {said}")
    try:
        return verify_certificate(data, expected)
    except Refused as no:
        raise Refused(no.code, f"{path}: {no.advice}") from None


def check_files_beside(folder: Path, certificate: Certificate) -> list[str]:
    """The take's files that lie beside a certificate, each of them checked; raises `Refused` for the first that was changed."""
    here = [name for name in sorted(certificate.files) if is_inside(name) and (folder / name).is_file()]
    for name in here:
        certificate.check_file(name, read(folder / name))
    return here


def is_inside(name: str) -> bool:
    """A certificate is foreign text: only names that stay in its folder are looked up."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts


def find_certificate(file: Path, data: bytes, expected: VerifierKey | None) -> tuple[Certificate, str]:
    """The certificate that speaks of a file, and the file's name in it; raises `Refused`."""
    found = list(candidates(file))
    if not found:
        raise Refused(
            Code.BAD_VALUE,
            f"{file}: no certificate lies beside it or one folder up; put the take's {CERTIFICATE} there",
        )
    names = []
    for path in found:
        certificate = check_certificate(path, read(path), expected)
        own_name = file.absolute().relative_to(path.absolute().parent).as_posix()
        if own_name in certificate.files:
            certificate.check_file(own_name, data)
            return certificate, own_name
        name = certificate.name_of(data)
        if name is not None:
            return certificate, name
        names.append(str(path))
    raise Refused(
        Code.BAD_VALUE,
        f"{file}: it was changed, or is of another take: none of the files in {', '.join(names)} has its bytes",
    )


def candidates(file: Path) -> Iterator[Path]:
    """Certificates beside a file, then those one folder up."""
    for folder in dict.fromkeys((file.absolute().parent, file.absolute().parent.parent)):
        yield from sorted(path for path in folder.glob("*certificate*.json") if path.is_file())


def show(certificate: Certificate, checked: list[str], missing: list[str]) -> None:
    """What holds, for people, and which files of the take nobody looked at because they are not there."""
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    log = f"entry {certificate.entry.index} of {certificate.key.name}, at {certificate.entry.time}"
    for label, value in (*rows(certificate.statement), ("log", log)):
        caution = label == "use" and not is_commercial(certificate.statement)
        console.print(Text.assemble((f"{label:<11}", "bold"), (plain(value, 1000), "bold yellow" if caution else "")))
    of = ", ".join(checked) if checked else "the certificate itself"
    console.print(Text(f"Unchanged: {plain(of, 1000)}", style="green"))
    if missing:
        advice = "put them beside the certificate, under these names, to have them checked"
        console.print(Text(f"Not here, not checked: {plain(', '.join(missing), 1000)}; {advice}", style="yellow"))
    if not certificate.key_expected:
        console.print(
            Text(
                f"Checked with the key that the certificate names; whose it is you know with --key {certificate.key}",
                style="dim",
            )
        )


def rows(said: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """A statement's facts as label and text; what it lacks is left out."""
    asker, request = mapping(said.get("asked_by")), mapping(said.get("request"))
    yield "take", f"{said.get('take')} of session {said.get('session')}"
    yield "asked by", f"{asker.get('member')} as {asker.get('role')}, {asker.get('time')}"
    if said.get("approved_by"):
        yield "approved by", said["approved_by"]
    yield "request", ", ".join(f"{name} {value}" for name, value in request.items() if value not in ("", None, [], {}))
    for name in ("composer", "renderer"):
        maker = mapping(said.get(name))
        if maker:
            licence = f", licence {maker['licence']}" if maker.get("licence") else ""
            digest = f", sha256 {maker['sha256']}" if maker.get("sha256") else ""
            yield name, f"{maker.get('name')} {maker.get('version', '')}{licence}{digest}"
    for part, made in mapping(said.get("stems")).items():
        yield "stem", f"{part} by {how_made(mapping(made))}"
    if said.get("unheard"):
        yield "no sound", said["unheard"]
    yield "use", use_sentence(said)
    for label in ("references", "parents"):
        if said.get(label):
            yield label, ", ".join(map(str, said[label]))


def how_made(made: Mapping[str, Any]) -> str:
    """Who made a stem, why, and how near to its notes.

    >>> how_made({"by": "sampler", "tries": 3, "reason": "it is silent"})
    'sampler: tries 3, reason it is silent'
    """
    facts = ", ".join(f"{name} {value}" for name, value in made.items() if name != "by")
    return f"{made.get('by')}: {facts}" if facts else str(made.get("by"))


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it has fields, else none."""
    return value if isinstance(value, Mapping) else {}

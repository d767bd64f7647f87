"""`starbridge ask`: one section without a server, as files in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.cli.friendly import say
from bridge.cli.options import AudiocraftPython, MusicgenFolder, MusicgenPrecision, SoundfontFile, Weights
from sessions.errors import Code, Refused
from sessions.music import Request, read_prompt
from sessions.music.fields import FIELD_TABLE
from sessions.music.hints import read_hints

__all__ = ["ask", "hints", "request_fields"]

NOT_OFFLINE = ("context", "strength", "at")
"""Fields that speak of a running session."""
NOTHING = "no style, bpm, key, meter, bars, kind or parts; options such as --style name them"


def _field(name: str, metavar: str) -> Any:
    field = FIELD_TABLE[name]
    choices = ": " + ", ".join(map(str, field.choices)) if field.choices else ""
    default = f" \\[{field.default}]" if field.default not in (None, "") else ""
    return typer.Option(f"--{name}", metavar=metavar, help=f"{field.doc}{choices}{default}", show_default=False)


def ask(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write to; made if need be.")],
    prompt: Annotated[
        list[str] | None, typer.Argument(metavar="[PROMPT]", help=FIELD_TABLE["prompt"].doc, show_default=False)
    ] = None,
    kind: Annotated[str | None, _field("kind", "KIND")] = None,
    style: Annotated[str | None, _field("style", "STYLE")] = None,
    bars: Annotated[str | None, _field("bars", "N")] = None,
    bpm: Annotated[str | None, _field("bpm", "BPM")] = None,
    meter: Annotated[str | None, _field("meter", "N/D")] = None,
    key: Annotated[str | None, _field("key", "KEY")] = None,
    chords: Annotated[str | None, _field("chords", "CHORDS")] = None,
    parts: Annotated[str | None, _field("parts", "PARTS")] = None,
    energy: Annotated[str | None, _field("energy", "0-1")] = None,
    density: Annotated[str | None, _field("density", "0-1")] = None,
    like: Annotated[str | None, _field("like", "REFS")] = None,
    seed: Annotated[str | None, _field("seed", "N")] = None,
    temperature: Annotated[str | None, _field("temperature", "T")] = None,
    strict: Annotated[str | None, _field("strict", "0|1")] = None,
    stems: Annotated[str | None, _field("stems", "0|1")] = None,
    renderer: Annotated[str | None, _field("renderer", "NAME")] = None,
    rate: Annotated[str | None, _field("rate", "HZ")] = None,
    tail: Annotated[str | None, _field("tail", "END")] = None,
    band: Annotated[str | None, _field("band", "N")] = None,
    composer: Annotated[str | None, _field("composer", "NAME")] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control",
            metavar="PART.NAME=VALUE",
            help="A control of one part, such as bass.density=0.3; say it again for more.",
        ),
    ] = None,
    weights: Weights = None,
    soundfont: SoundfontFile = None,
    musicgen: MusicgenFolder = None,
    precision: MusicgenPrecision = None,
    audiocraft: AudiocraftPython = None,
) -> None:
    """Write one section: section.mid, stems/PART.wav, mix.wav, and a certificate with its log.

    [bold]Examples[/bold]

      starbridge ask "dark dubstep, 140 bpm" --kind drop --bars 8 --out drop

      starbridge ask --style swing --key Bb --chords "Bb6 G7 Cm7 F7" --bars 16 --out head

      starbridge ask --parts drums,bass --meter 7/8 --control bass.density=0.3 --stems 0 --out odd
    """
    from bridge.cli.progress import Progress
    from bridge.config import default_musicgen
    from bridge.offline import ask as write

    named = {
        "kind": kind,
        "style": style,
        "bars": bars,
        "bpm": bpm,
        "meter": meter,
        "key": key,
        "chords": chords,
        "parts": parts,
        "energy": energy,
        "density": density,
        "like": like,
        "seed": seed,
        "temperature": temperature,
        "strict": strict,
        "stems": stems,
        "renderer": renderer,
        "rate": rate,
        "tail": tail,
        "band": band,
        "composer": composer,
    }
    fields = request_fields(" ".join(prompt or ()), named, control or ())
    with Progress() as progress:
        result = write(
            fields,
            out,
            soundfont=soundfont,
            weights=weights,
            musicgen=musicgen if musicgen or audiocraft else default_musicgen(),
            precision=precision,
            audiocraft=audiocraft,
            progress=progress,
        )
    for path in result.files:
        typer.echo(path)
    if result.caution:
        say(f"{result.caution[0].upper()}{result.caution[1:]}", style="yellow")
    if "prompt" in fields:
        for line in hints(fields, result.request):
            say(line, style="dim")


def hints(fields: Mapping[str, str], request: Request) -> Iterator[str]:
    """What the prompt was understood to say, and what of that was left out and why; a line each.

    >>> from sessions.music import parse_request
    >>> asked = {"prompt": "dubstep at 300 bpm, 16 bars", "bars": "4"}
    >>> for line in hints(asked, parse_request(asked)):
    ...     print(line)
    From the prompt: style dubstep
    Left out of it: bpm: 300.0 is out of range; ask for 40 to 240
    Left out of it: bars 16; --bars 4 goes before
    """
    prompt, held = fields["prompt"], request.to_fields()
    texts, read = read_prompt(prompt), read_hints(prompt)
    taken = [f"{name} {_shown(held[name])}" for name in read.taken if name not in fields]
    yield f"From the prompt: {', '.join(taken) or NOTHING}"
    for advice in read.passed_over.values():
        yield f"Left out of it: {advice}"
    for name, value in read.taken.items():
        if name in fields and value != getattr(request, name):
            yield f"Left out of it: {name} {texts[name]}; --{name} {fields[name]} goes before"


def _shown(value: str | int | float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def request_fields(prompt: str, named: dict[str, str | None], controls: tuple[str, ...] | list[str]) -> dict[str, str]:
    """The fields of a request, as texts and only those that were given; raises `Refused`.

    >>> request_fields("slow", {"bars": "4", "bpm": None}, ["bass.density=0.3"])
    {'prompt': 'slow', 'bars': '4', 'bass.density': '0.3'}
    """
    fields = {"prompt": prompt} if prompt else {}
    fields |= {name: value for name, value in named.items() if value is not None}
    for text in controls:
        name, is_there, value = text.partition("=")
        if not is_there or "." not in name:
            raise Refused(Code.BAD_VALUE, f"control: {text!r} is none; write PART.NAME=VALUE, such as bass.density=0.3")
        fields[name.strip()] = value.strip()
    return fields

"""The page: what people read about the weights, made of figures alone.

Lives here: the text of the card and its tables. Every number in it was measured; what is not there is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.compose.card.gather import ALL_REAL
from models.compose.card.sources import SOURCES
from models.compose.originality import FEWEST_INTERVALS, RUN_NOTES

__all__ = ["NOTE", "page"]

NOTE = "trained on permissively licensed music alone; whose it is, models/weights/README.md says"

HEAD = """# The composer's weights

A transformer of {weights:,} weights that writes drums, bass, harmony and melody bar by bar, on two processor cores. It ships with
StarBridge and is what `starbridge ask` and the server play; `starbridge evaluate` measures it on any music.

| | |
|---|---|
| version | {version} |
| licence | {licence} |
| shape | Llama: width {width}, {layers} layers, {heads} heads of {head}, {groups} of keys and values, \
inner {inner}, {context} tokens of context |
| files | `model.safetensors` (bfloat16, {bytes:.1f} MB), `config.json`, `tokens.json` ({vocabulary} tokens); \
`transformers` loads the folder as `LlamaForCausalLM` |
| sha256 of the tensors | `{sha256}` |
| also here | `runs.npz` (melodic runs of the training music), `human.json` (what people's music is like), \
`figures.json` (all figures of this page) |

## Licence, and what it may be used for

The weights are under Apache-2.0, as all of StarBridge, and what they write may be used for anything, sold too. They learned from
music that is public domain, CC0, MIT, BSD-3-Clause, Artistic-2.0 or CC BY, and from nothing else; the music itself does not
ship. The table below credits every set, as CC BY asks; the licence files of all sets are in `licences/`, and the CC BY pieces
of Mutopia are credited one by one in `licences/mutopia_ccby/index.tsv`. What was changed in the music before it was learned
from is said above the table.
"""

DATA = """## What it learned from

Every twentieth song of each set, chosen by its name's hash, was kept back to judge by and not trained on. Notes were put on a
grid of 24 steps a quarter (played timing finer), told from the tonic, and tracks were sorted into four parts. Real music of
some styles, house to lo-fi, is scarce under free licences: there the arranger's music, made by rules under the chords of
real songs, is learned from beside it, under a word of its own.
"""

JUDGED = """## How well it predicts music

Bits a note on the music kept back, the fewer the better: sections of eight bars, everything told but the notes. `played` is
as the weights ship and play (bfloat16 on disk, int8 in memory), `float32` as they were trained. Beside them an n-gram model of
the same tokens (order six, Kneser-Ney) and the same transformer trained on the arranger's music alone.
"""

MUSIC = """## What its music is like

{sections} random requests: every other one a band in 4/4, the ones between anything that may be asked (odd metres and
tempi, any key, parts, ranges). The arranger, which goes by rules, wrote the same requests. `people` is the bands' music
that was learned from (rock, metal, electronic, game music, drummers); its distances are those of one half of it from the other.
Distances are Jensen-Shannon divergences, 0 for the same and 1 for nothing in common, by part and mixed as the styles asked for.
A part counts as collapsed with hardly any notes, one pitch throughout or a note of more than four bars, as silent for long with
more than four bars of rest. Form, groove, density and register are those of the usual requests.
"""

CONTROLS = """## Whether its controls steer

Five values of each control from least to most, asked of all parts that have it, and what is then measured on the notes in
bins: Spearman's rank correlation, and the mean for each value. Interest, syncopation and leap are pressed on its choices
as it writes, where they are asked and not ½; the others it is told.
"""

SAMPLES = """## Samples

Eight sections of eight bars, seed 1 each, none of them picked.

![Piano rolls of eight sections](rolls.svg)
"""

ORIGINAL = f"""## Originality

`runs.npz` knows, from each note of the melodic lines of the training music on, the shortest run of {RUN_NOTES} notes or more with
{FEWEST_INTERVALS} different intervals, transposition and rhythm aside ({{runs:,}} runs,
{{bytes:.1f}} MB). A note that would
end such a run is not chosen, a bar that has one all the same is changed note by note, and the take's certificate says where.
What stands in bars that were given stays, and the certificate tells how long it is. The measure is a strict one: figures that
are everybody's count as well, so the arranger, which learned from no music at all, writes many.
"""

AS_EARLY = 0.05  # of the steps, by which two runs may differ that count as equally long
STEERS = 0.4
"""The rank correlation from which on a control is said to steer."""

LIMITS = """## Limits

{controls}\
- It is small and learned from some four thousand pieces by people, most of their notes string quartets and songs with piano:
  its rock, metal and game music have many examples, its dance styles mostly rules and drum patterns. What the arranger can
  do, it learned in part from the arranger.
- Its electronic, game and rock music, of which there is least, was predicted best about step 4,000 and is a little worse at the
  end: a larger model would want more such music first, though the processor would have time for one.
- It knows no lyrics, no sound and no performer; velocities of scores are the engraver's. `texture` has no notes.
- Form beyond a window of sixteen bars rests on the last four bars and the plan of chords.
- The runs' index is a Bloom filter: it misses none of its runs and takes 6 of 10,000 others for known. What it holds melodic
  lines against is the training music alone: no other music is searched.
- Keys and chords of most training music were inferred, not read.
"""


def page(figures: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    model, runs = figures["model"], figures["runs"]
    parts = [HEAD.format(**model), *_data(figures)]
    if "held_out" in figures:
        parts += _judged(figures)
    parts += _trained(figures)
    if "music" in figures:
        parts += _music(figures["music"])
    parts.append(SAMPLES)
    parts += [ORIGINAL.format(**runs), LIMITS.format(controls=_weakest(figures))]
    return "\n".join(parts)


def _data(figures: Mapping[str, Any]) -> Iterator[str]:
    yield DATA
    rows = []
    for name, counts in figures["sets"].items():
        source = SOURCES[name]
        numbers = (f"{counts[key]:,}" for key in ("pieces", "bars", "notes", "kept_back"))
        rows.append((f"{source.title} (`{name}`)", source.by, source.licence, *numbers, source.origin))
    total = [
        f"{sum(counts[key] for counts in figures['sets'].values()):,}"
        for key in ("pieces", "bars", "notes", "kept_back")
    ]
    rows.append(("all", "", "", *total, ""))
    yield _table(("set", "credit", "licence", "pieces", "bars", "notes", "kept back", "from"), rows, "lllrrrrl")


def _judged(figures: Mapping[str, Any]) -> Iterator[str]:
    yield JUDGED
    found, others = figures["held_out"], figures["baselines"]
    early = _as_early(figures)
    if "rules" in figures:
        run = figures["rules"]
        yield f"The last of these was trained for {run['steps']:,} steps, {run['minutes']:.0f} minutes."
        if early:
            yield f"`at step {early['step']:,}` is what this model needed after as long, on a part of the same music."
        yield ""
    names = [name for name in ("float32", "ngram", "rules") if name in others]
    titles = {"float32": "float32", "ngram": "n-gram", "rules": "arranger's music alone"}
    rows = []
    for name in sorted(found, key=lambda name: (name == ALL_REAL, -found[name]["notes"])):
        sets = [one for one in found if one not in (ALL_REAL, "arranged")] if name == ALL_REAL else [name]
        cells = [_bits(others[other], sets, found) for other in names]
        if early:
            needed = {one: {"bits_per_note": bits} for one, bits in early["sets"].items()}
            cells.append(_bits(needed, sets, found))
        rows.append((name, f"{found[name]['notes']:,}", f"{found[name]['bits_per_note']:.2f}", *cells))
    head = ("set", "notes", "played", *(titles[name] for name in names))
    head += (f"at step {early['step']:,}",) if early else ()
    yield _table(head, rows, "l" + "r" * (len(head) - 1))


def _as_early(figures: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The look at this run after about as many steps as the run on rules alone had; none where nobody looked by then."""
    if "rules" not in figures or not figures["curve"]:
        return None
    steps = figures["rules"]["steps"]
    nearest: Mapping[str, Any] = min(figures["curve"], key=lambda look: abs(look["step"] - steps))
    return nearest if abs(nearest["step"] - steps) <= AS_EARLY * steps else None


def _bits(other: Mapping[str, Any], sets: Sequence[str], found: Mapping[str, Any]) -> str:
    """What another model needs for some sets together, each weighing what its notes are."""
    rows = [(other[name]["bits_per_note"], found[name]["notes"]) for name in sets if name in other]
    notes = sum(count for _, count in rows)
    return f"{sum(bits * count for bits, count in rows) / notes:.2f}" if notes else ""


def _trained(figures: Mapping[str, Any]) -> Iterator[str]:
    run = figures["training"]
    yield f"""## How it was trained

    {run["command"]}

{run["steps"]:,} steps, about {run["tokens"] / 1e6:.1f} million tokens, {run["minutes"]:.0f} minutes on {run["machine"]};
Muon for the matrices and AdamW for the rest, the weights a running mean. Training music cost {run["bits_at_first"]:.2f} bits
a token at first and {run["bits_at_last"]:.2f} at last.
"""
    if run.get("before_steps"):
        yield f"""The first {run["before_steps"]:,} of these steps learned from an earlier build of the corpus, made of the same
files; the melodic runs of both are known. The run was stopped there and resumed.
"""
    looks = figures["curve"]
    if looks:
        some = looks[:: max(1, len(looks) // 6)]
        some = some if some[-1] is looks[-1] else [*some, looks[-1]]
        names = list(some[-1]["sets"])
        rows = [(name, *(f"{look['sets'].get(name, float('nan')):.2f}" for look in some)) for name in names]
        head = ("bits a note at step", *(f"{look['step']:,}" for look in some))
        yield "Bits a note on a part of the music kept back, as the run went on:\n"
        yield _table(head, rows, "l" + "r" * len(some))


def _music(music: Mapping[str, Any]) -> Iterator[str]:
    yield MUSIC.format(sections=music["sections"])
    columns = music["measures"]
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = [(name, *(_cell(name, column.get(name)) for column in columns.values())) for name in names]
    yield _table(("", *columns), rows, "l" + "r" * len(columns))
    yield CONTROLS
    steered = [
        (one["control"], f"{one['correlation']:+.2f}", " ".join(f"{mean:g}" for mean in one["means"]))
        for one in music["controls"]
    ]
    yield _table(("control", "correlation", "measured at 0, ¼, ½, ¾, 1"), steered, "lrl")


def _weakest(figures: Mapping[str, Any]) -> str:
    """Which controls hardly steer, as a line of the limits; none where nobody measured."""
    found = {one["control"]: one["correlation"] for one in figures.get("music", {}).get("controls", ())}
    if not found:
        return ""
    weak = [name for name, correlation in found.items() if correlation < STEERS]
    if weak:
        return f"- Of its controls these hardly steer, with a correlation below {STEERS:g}: {', '.join(weak)}.\n"
    least = min(found, key=lambda name: found[name])
    return f"- All of its controls steer, {least} least, with a correlation of {found[least]:+.2f}.\n"


def _cell(name: str, value: float | int | None) -> str:
    if value is None:
        return ""
    if name.endswith("from people's"):
        return f"{value:.2f}"
    return f"{value:,}" if name.startswith("notes of") else f"{value:.1%}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> str:
    line = "|".join("--:" if side == "r" else "---" for side in sides)
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"| {' | '.join(head)} |\n|{line}|\n{body}\n"

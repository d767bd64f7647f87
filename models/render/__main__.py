"""`python -m models.render`: compiles the sampler's kernels for this processor, which otherwise the first section would do.

Seconds once after an installation; nothing where they are compiled already.
"""

from __future__ import annotations

from models.render.mix import Mix
from models.render.sampler import Sampler
from models.render.soundfont import Soundfont, bundled_path
from sessions.music.notes import Note
from sessions.music.parts import Part


def main() -> None:
    """Renders a bar of one note, which takes every kernel."""
    sampler = Sampler(Soundfont.load(bundled_path()))
    stem = sampler.stem(Part.BASS, [Note(0, 960, 36, 100)], style="pop", total_ticks=3840, bpm=120.0)
    Mix({"bass": stem}, sampler.rate).wav("mix")


if __name__ == "__main__":
    main()

"""Generated: stems by MusicGen, steered by our notes and held to them.

`words` is what MusicGen is told, `steering` what it hears first, `levels` where its sound lies in the mix, `stems` the renderer
around them. Torch is loaded with the checkpoint, for the first section that asks for it.

    renderer = GeneratedStems(folder, SampledStems(font))
    for output in renderer.stems(request, bars, chords, cancelled=lambda: False): ...
"""

from __future__ import annotations

from models.render.generated.stems import LOADING, PRECISIONS, GeneratedStems, missing

__all__ = ["LOADING", "PRECISIONS", "GeneratedStems", "missing"]

"""Generated: stems by MusicGen, steered by our notes and held to them.

`words` is what MusicGen is told, `steering` what it hears first, `levels` where its sound lies in the mix, `stems` the renderer
around them. `runtime` loads the checkpoint, and torch with it, for the first section that asks for it; others go on meanwhile
(`loading`).

    renderer = GeneratedStems(folder, SampledStems(font))
    for output in renderer.stems(request, bars, chords, cancelled=lambda: False): ...
"""

from __future__ import annotations

from models.render.generated.runtime import PRECISIONS, missing
from models.render.generated.stems import LOADING, GeneratedStems

__all__ = ["LOADING", "PRECISIONS", "GeneratedStems", "missing"]

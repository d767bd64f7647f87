"""`python -m tests.fuzz PARSER [SECONDS]`: one parser under atheris, which looks for new ways through the code.

`make fuzz` does so for each. Takes the extra `fuzz`. What breaks a parser is written to a file where it runs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

WHERE = """
bridge.wire bridge.engine bridge.cli bridge.ports.oscquery bridge.ports.http sessions models.render models.compose.runtime
models.compose.corpus models.compose.evaluate models.fetched mido zipfile
""".split()

with atheris.instrument_imports(include=WHERE):
    from tests.fuzz.parsers import PARSERS, try_bytes


def main(name: str, seconds: str = "60") -> None:
    parser = PARSERS[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(parser.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-max_len=4096", "-rss_limit_mb=2048", "-timeout=10"]
        atheris.Setup([sys.argv[0], *options, corpus], lambda data: try_bytes(parser, data))
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])

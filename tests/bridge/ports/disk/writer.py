"""A process that writes to a session until it is killed, and says on standard output what is acknowledged.

python -m tests.bridge.ports.disk.writer FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bridge.ports.disk import Record

SNAPSHOT_EVERY = 40


async def write(folder: Path) -> None:
    record = Record.ensure(folder, "jam", software="test", now_us=1)
    print(record.durable, flush=True)
    while True:
        for _ in range(1 + record.size % 7):
            record.stage("", {"type": "counted", "number": record.size}, now_us=record.size * 1000)
        await record.flush()
        print(record.durable, flush=True)
        if record.durable % SNAPSHOT_EVERY < 7:
            await record.snapshot({"size": record.size})


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))

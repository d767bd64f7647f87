"""The ear's process: a JACK client that tells each message with the moment of its frame; see `tests.support.jack`.

It ties a cycle's first frame to the steady clock by itself, with nothing of ours. (JACK's own `jack_frames_to_time` ran 70 ms
and more away on a machine with five times as much to do as it could.)
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections import deque
from typing import Any

PATIENCE_S = 45.0
FLUSH_S = 0.02
SETTLED_CYCLES = 4
"""A new wire carries something from the next cycle on."""


def main() -> None:
    import jack

    with contextlib.suppress(OSError, AttributeError):  # as punctual as JACK itself, where that is allowed
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    jack.set_error_function(lambda message: None)
    jack.set_info_function(lambda message: None)
    client = _patient(lambda: jack.Client("ear", no_start_server=True), jack.JackOpenError)
    ports = {name: client.midi_inports.register(name) for name in sys.argv[1:]}
    hand = client.midi_outports.register("hand")
    heard: deque[tuple[str, int, str]] = deque()
    to_play: deque[bytes] = deque()
    cycles = [0]
    rate = client.samplerate

    def process(frames: int) -> None:
        began_us = (
            time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000 - client.frames_since_cycle_start * 1_000_000 // rate
        )
        cycles[0] += 1
        hand.clear_buffer()
        offset = 0
        while to_play and offset < frames:
            hand.write_midi_event(offset, to_play.popleft())
            offset += 1
        for name, port in ports.items():
            for at, data in port.incoming_midi_events():
                heard.append((name, began_us + at * 1_000_000 // rate, bytes(data).hex()))

    client.set_process_callback(process)
    client.activate()
    lock = threading.Lock()

    def say(what: Any) -> None:
        with lock:
            sys.stdout.write(json.dumps(what) + "\n")
            sys.stdout.flush()

    def flush() -> None:
        while True:
            time.sleep(FLUSH_S)
            some = [heard.popleft() for _ in range(len(heard))]
            if some:
                say(some)

    threading.Thread(target=flush, daemon=True).start()
    say("ready")
    for line in sys.stdin:
        order = json.loads(line)
        if "connect" in order:
            _patient(lambda wire=order["connect"]: client.connect(*wire), jack.JackError)
            wired = cycles[0]
            while cycles[0] < wired + SETTLED_CYCLES:
                time.sleep(0.005)
            say("connected")
        to_play.extend(bytes.fromhex(data) for data in order.get("play", ()))


def _patient(attempt: Any, error: type[Exception]) -> Any:
    """Until it works: what it needs may be on its way."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return attempt()
        except error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main()

"""The sender: a process of its own, `python -m bridge.ports.midi`, so that nobody else's work makes a note late.

It is told by lines of JSON on its standard input, and tells by lines on its standard output:

    < {"setup": {"name": "StarBridge", "device": "", "system": "", "wired": [], "start_us": 0}}     first, once
    > {"ready": "jack", "name": "StarBridge"}     or {"none": "why"}, and it ends
    < {"plan": {"now": 0, "notes": [], "held": [], "said": []}}
    > {"in": [[1767225600000000, "903c64"]]}      what came in, with its time
    > {"statistics": {...}}                       once a second, where it has changed

When its input ends, whoever started it is gone, by whatever death: every note ends, and then it does.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from bridge.midi.plan import Plan
from bridge.midi.sieve import Sieve
from bridge.orphan import end_with_parent
from bridge.ports.clock import Clock, SystemClock
from bridge.ports.midi.cable import Cable, NoMidi, Setup
from bridge.ports.midi.jack import JackCable
from bridge.ports.midi.rtmidi import RtMidiCable, be_punctual

__all__ = ["main"]

LOOK_S = 1.0
"""So often devices are looked for, and figures told."""
SWITCH_S = 0.0005
"""A thread that computes makes room for the sending one after so long; Python's own 5 ms would be heard."""
MOST_TOGETHER = 256
"""Events that one line tells at most."""
MOST_UNTOLD = 10_000
"""Events that wait while the server doesn't read; what comes then is lost."""
STRAIN_S = 0.01
"""So often what the sieve holds back is looked after."""
RTMIDI = {"windows": "winmm", "rtmidi-jack": "jack"}
"""What RtMidi calls them, where it is not what we do."""
RTMIDI_HERE = {"linux": ("alsa", "jack"), "darwin": ("core",), "win32": ("winmm",)}.get(sys.platform, ("",))
WHAT_TO_DO = {
    "linux": ". Start JACK or PipeWire, or load ALSA's sequencer (modprobe snd-seq), and then the server again"
}

Report = Callable[[dict[str, Any]], None]

_log = logging.getLogger(__name__)


def cables(system: str, setup: Setup, clock: Clock, report: Report) -> Iterator[Cable]:
    """The systems to be tried, the most exact first; `system` names one alone: jack, or RtMidi's name for it."""
    if system in ("", "jack"):
        yield JackCable(setup, clock, report)
    if system != "jack":
        for api in (RTMIDI.get(system, system),) if system else RTMIDI_HERE:
            yield RtMidiCable(setup, clock, report, api=api)


def opened(system: str, setup: Setup, clock: Clock, report: Report) -> Cable:
    """The first that opens; raises `NoMidi` with what each said."""
    why = []
    for cable in cables(system, setup, clock, report):
        try:
            cable.open()
        except NoMidi as error:
            why.append(str(error))
        else:
            return cable
    raise NoMidi("; ".join(dict.fromkeys(why)) + WHAT_TO_DO.get(sys.platform, ""))


class Teller:
    """Says what is reported, from whatever thread, in one of its own; and looks after the cable meanwhile."""

    def __init__(self) -> None:
        self._reports: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._next: list[dict[str, Any] | None] = []
        """What was taken out of the queue too early."""
        self._sieve = Sieve()
        self._spilled = False
        self._cable: Cable | None = None
        self._told: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._run, name="midi teller", daemon=True)

    def report(self, what: dict[str, Any]) -> None:
        if "in" in what and self._reports.qsize() >= MOST_UNTOLD:
            self._spilled = True
        else:
            self._reports.put(what)

    def start(self, cable: Cable) -> None:
        self._cable = cable
        self._thread.start()

    def end(self) -> None:
        self._reports.put(None)
        self._thread.join(LOOK_S)

    def _run(self) -> None:
        look_s = time.monotonic() + LOOK_S
        while True:
            wait_s = max(0.0, look_s - time.monotonic())
            with contextlib.suppress(queue.Empty):
                what = self._next.pop() if self._next else self._reports.get(timeout=self._patience_s(wait_s))
                if what is None:
                    return
                self._tell(what)
            self._tell_later()
            if time.monotonic() >= look_s:
                look_s = time.monotonic() + LOOK_S
                try:
                    self._look()
                except Exception:  # whatever a system that is ending makes of it; another look may do
                    _log.exception("the MIDI ports could not be looked at")

    def _patience_s(self, wait_s: float) -> float:
        return min(wait_s, STRAIN_S) if self._sieve.waits else wait_s

    def _tell(self, what: dict[str, Any]) -> None:
        if "in" not in what:
            say(what)
            return
        came = [one for at_us, data in self._with_others(what["in"]) for one in self._sieve.feed(data, at_us)]
        self._say_in(came)

    def _tell_later(self) -> None:
        """What was to wait; and where much was lost, that all is to be let go, for ends may be among it."""
        assert self._cable is not None
        if self._sieve.waits:
            self._say_in(self._sieve.due(self._cable.now_us()))
        if self._spilled and self._reports.empty():
            self._spilled = False
            say({"unplugged": True})

    @staticmethod
    def _say_in(came: list[tuple[int, bytes]]) -> None:
        if came:
            say({"in": [(at_us, data.hex()) for at_us, data in came]})

    def _with_others(self, came: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """What came in right after it as well."""
        together = list(came)
        while len(together) < MOST_TOGETHER:
            try:
                following = self._reports.get_nowait()
            except queue.Empty:
                break
            if following is None or "in" not in following:
                self._next.append(following)
                break
            together += following["in"]
        return together

    def _look(self) -> None:
        assert self._cable is not None
        self._cable.look()
        statistics = self._cable.statistics() | {"held_back": self._sieve.held_back}
        if statistics != self._told:
            self._told = statistics
            say({"statistics": statistics})


def say(what: dict[str, Any]) -> None:
    """One line for the server; where it is gone, our input ends as well, and that is seen to elsewhere."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()


def main() -> NoReturn:
    """Run until standard input ends."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends our input
    ending = _Ending()
    signal.signal(signal.SIGTERM, ending.asked)
    end_with_parent(signal.SIGTERM)
    be_punctual()  # all of us: whoever holds the interpreter when a cycle begins must not wait for others
    code = 0
    try:
        _serve(ending)
    except NoMidi as error:
        say({"none": str(error)})
    except _Terminated:
        pass
    except Exception:
        _log.exception("the MIDI sender failed")
        code = 70
    sys.stderr.flush()
    os._exit(code)  # threads of the libraries are not waited for


def _serve(ending: _Ending) -> None:
    asked = json.loads(sys.stdin.readline() or "{}").get("setup")
    if asked is None:
        return
    clock = SystemClock(asked["start_us"])
    wired = tuple((source, target) for source, target in asked["wired"])
    teller = Teller()
    cable = opened(asked["system"], Setup(asked["name"], asked["device"], wired), clock, teller.report)
    try:
        say({"ready": cable.system, "name": cable.name})
        teller.start(cable)
        sys.setswitchinterval(SWITCH_S)
        gc.collect()
        gc.freeze()
        gc.disable()  # nothing here makes circles; a collection would be heard
        ending.now_or_later()
        try:
            for line in sys.stdin:
                order = json.loads(line)
                if "plan" in order:
                    cable.play(Plan.from_json(order["plan"]))
        finally:
            ending.may_interrupt = False
    finally:
        teller.end()
        cable.close()


class _Terminated(BaseException):
    """Somebody ended us by hand: not before all is silent."""


class _Ending:
    """When we are asked to end while we wait for orders we do; later we are about to, and won't be kept from ending the notes."""

    def __init__(self) -> None:
        self.may_interrupt, self._wanted = False, False

    def asked(self, number: int, frame: object) -> None:
        self._wanted = True
        if self.may_interrupt:
            self.may_interrupt = False
            raise _Terminated

    def now_or_later(self) -> None:
        """From now on we wait for orders; but who asked while the port was being opened is not forgotten."""
        self.may_interrupt = not self._wanted
        if self._wanted:
            raise _Terminated


if __name__ == "__main__":
    main()

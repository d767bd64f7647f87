"""The page's modules alone, run where they live: canonical bytes, tokens, musical arithmetic, MIDI, levels, clocks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rfc8785

from sessions.music import Meter, Note, Part
from tests.studio.fake_server import Puppet, midi, puppet, sine
from tests.support.chromium import Browser, JavaScriptError, Page

pytestmark = pytest.mark.browser

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def home() -> Iterator[Puppet]:
    with puppet() as server:
        yield server


@pytest.fixture(scope="module")
def page(browser: Browser, home: Puppet) -> Iterator[Page]:
    found = browser.open(home.url)
    yield found
    found.close()


@pytest.fixture(scope="module")
def run(page: Page) -> Run:
    """Calls a module's function with JSON values: run("music.js", "(m) => m.barOf(4, 4)")."""

    def call(module: str, function: str, *values: Any) -> Any:
        return page.evaluate(f"import('/{module}').then((m) => ({function})(m, ...{json.dumps(values)}))")

    return call


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": [True, None, "x"], "": {}},
        {"numbers": [0, -0.0, 1.0, 0.1, 1e21, 1e-7, 123456789012345.0, 5e-324, 1.7976931348623157e308, -1.5]},
        {
            "€": "\u20ac",
            "\r": "Carriage Return",
            "1": "One",
            "\u0080": "Control",
            "😀": "Smiley",
            "ö": "ö",
            "דּ": "dalet",
        },
        {"text": 'quote " backslash \\ line \n tab \t bell \x07 delete \x7f separator \u2028 slash /'},
        [],
        "é",
    ],
)
def test_canonical_form_is_that_of_another_implementation(run: Run, value: Any) -> None:
    assert run("canonical.js", "(m, value) => m.canonical(value)", value) == rfc8785.dumps(value).decode()


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "undefined", "'\\ud800'", "({a: [1, '\\udc00x']})", "(() => 1)", "10n"]
)
def test_what_has_no_canonical_form_is_an_error(run: Run, value: str) -> None:
    with pytest.raises(JavaScriptError, match="TypeError"):
        run("canonical.js", f"(m) => m.canonical({value})")


def test_token_says_its_session_and_role(run: Run) -> None:
    payload = {
        "v": 1,
        "session": "jam-1",
        "role": "rhythm",
        "name": "ana",
        "expires": 1_900_000_000,
        "id": "0123456789abcdef",
    }
    token = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=") + "." + "A" * 86
    found = run("token.js", "(m, token) => m.readToken(token)", token)
    assert found == {
        "token": token, "session": "jam-1", "role": "rhythm", "name": "ana", "id": "0123456789abcdef", "expires_s": 1_900_000_000
    }  # fmt: skip


@pytest.mark.parametrize(
    "token", ["", "x", "a.b", "e30.AAAA", "eyJzZXNzaW9uIjoxfQ.AAAA", "%.%", "//__.AAAA", "bnVsbA.AAAA"]
)
def test_what_is_no_token_reads_as_none(run: Run, token: str) -> None:
    assert run("token.js", "(m, token) => m.readToken(token)", token) is None


@pytest.mark.parametrize(
    "text", ["http://h:1/#token=a.b", "http://h/?token=a.b", " a.b ", "http://h/?x=1&token=a.b#top"]
)
def test_token_is_found_in_a_link(run: Run, text: str) -> None:
    assert run("token.js", "(m, text) => m.tokenIn(text)", text) == "a.b"


@pytest.mark.parametrize("meter", ["4/4", "3/4", "7/8", "5/16", "12/8", "2/2", "16/16", "1/2"])
def test_bars_lie_where_the_server_has_them(run: Run, meter: str) -> None:
    own = Meter.parse(meter)
    ticks = [0, 1, own.ticks_per_bar - 1, own.ticks_per_bar, 7 * own.ticks_per_bar, 63 * own.ticks_per_bar + 1]
    expected = [tick // own.ticks_per_bar + 1 for tick in ticks]
    function = "(m, meter, beats) => beats.map((beat) => m.barAt(beat, m.parseMeter(meter)).bar)"
    assert run("music.js", function, meter, [tick / 960 for tick in ticks]) == expected


def test_pulse_counts_in_the_units_of_the_metre(run: Run) -> None:
    function = (
        "(m) => [0, 0.5, 3, 3.5, 4].map((beat) => m.barAt(beat, { n: 7, d: 8 })).map((at) => `${at.bar}.${at.pulse}`)"
    )
    assert run("music.js", function) == ["1.1", "1.2", "1.7", "2.1", "2.2"]


def test_chords_repeat_and_the_last_one_is_cut(run: Run) -> None:
    spans = run("music.js", "(m) => m.chordSpans('Am/2 F#m7b5/C/3', 4, 8)")
    found = [(span["start"], span["end"], span["name"]) for span in spans]
    assert found == [(0, 2, "Am"), (2, 5, "F#m7b5/C"), (5, 7, "Am"), (7, 8, "F#m7b5/C")]


def test_midi_file_of_the_server_is_read_to_the_tick(run: Run) -> None:
    notes = [
        Note(0, 480, 36, 100),
        Note(0, 240, 42, 64),
        Note(960, 960, 36, 1),
        Note(1920, 1, 38, 127),
        Note(7679, 1, 42, 90),
    ]
    data = list(midi(notes, Part.DRUMS, bars=2, bpm=123.456))
    found = run("midi.js", "(m, data) => m.readMidi(new DataView(Uint8Array.from(data).buffer))", data)
    read = sorted(
        (round(n["start"] * 960), round(n["length"] * 960), n["pitch"], n["velocity"]) for n in found["drums"]
    )
    assert read == sorted((n.start, n.length, n.pitch, n.velocity) for n in notes)


def test_midi_that_is_cut_off_is_an_error(run: Run) -> None:
    data = list(midi([Note(0, 480, 36, 100)], Part.DRUMS, bars=1))
    with pytest.raises(JavaScriptError, match="RangeError"):
        run("midi.js", "(m, data) => m.readMidi(new DataView(Uint8Array.from(data).buffer))", data[:40])


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({}, {"drums": 1, "bass": 1}),
        ({"bass": {"volume": 0.5, "mute": False, "solo": False}}, {"drums": 1, "bass": 0.5}),
        ({"bass": {"volume": 0.5, "mute": False, "solo": True}}, {"drums": 0, "bass": 0.5}),
        ({"bass": {"volume": 1, "mute": True, "solo": True}}, {"drums": 0, "bass": 0}),
        ({"drums": {"volume": 1, "mute": True, "solo": False}}, {"drums": 0, "bass": 1}),
        ({"melody": {"volume": 1, "mute": False, "solo": True}}, {"drums": 1, "bass": 1}),
    ],
)
def test_solo_and_mute(run: Run, levels: Any, expected: Any) -> None:
    assert run("sound/levels.js", "(m, levels) => m.gains(levels, ['drums', 'bass'])", levels) == expected


def test_peaks_outline_the_loudest_channel(run: Run) -> None:
    function = "(m) => [...m.peaks([Float32Array.of(0, 0.5, 0, 0), Float32Array.of(0, 0, -0.75, 0.25)], 2)]"
    assert run("sound/levels.js", function) == [0.5, 0.75]


@pytest.mark.parametrize("cut", [1, 7, 44, 45, 1000])
def test_a_preview_is_drawn_however_its_bytes_are_cut(run: Run, cut: int) -> None:
    wav = [*sine(0.01)]
    draw = """(m, bytes, cut) => {
        const outline = { version: 2, columns: new Float32Array(m.COLUMNS), share: 0 };
        const frames = new m.Frames(882);  // twice as many as there are
        for (let i = 0; i < bytes.length; i += cut) {
            if (!frames.draw(Uint8Array.from(bytes.slice(i, i + cut)), outline)) return null;
        }
        const { columns, share } = outline;
        return [share, Math.max(...columns.slice(0, m.COLUMNS / 2)), Math.max(...columns.slice(m.COLUMNS / 2 + 1))];
    }"""
    share, peak, after = run("sound/previews.js", draw, wav, cut)
    assert share == 0.5
    assert peak == pytest.approx(0.2, abs=0.01)
    assert after == 0
    assert run("sound/previews.js", draw, [*bytes(100)], cut) is None, "no such file"


@pytest.mark.parametrize(
    ("previews", "stems", "share"),
    [
        ({}, {}, 0),
        ({"bass": {"by": "sampler", "frames": 9, "of": 9}}, {}, 0),
        ({"bass": {"by": "musicgen", "frames": 3, "of": 6}}, {}, 0.25),
        ({"bass": {"by": "musicgen", "frames": 3, "of": 6}}, {"drums": {}}, 0.75),
    ],
)
def test_how_much_of_the_sound_is_made(run: Run, previews: Any, stems: Any, share: float) -> None:
    section = {"request": {"parts": "drums,bass"}, "previews": previews, "stems": stems, "closed": {}}
    assert run("state/sections.js", "(m, section) => m.soundedShare(section)", section) == share


def test_clock_believes_the_quickest_ping(run: Run) -> None:
    function = """(m) => {
        const clock = new m.ServerClock();
        clock.sample(1000, 900_000, 2_001_000);   // slow: off by up to a second
        clock.sample(5_000_000, 7_000_500, 5_001_000);
        clock.sample(6_000_000, 8_700_000, 6_800_000);
        return [clock.offset_us, clock.trip_us, clock.known];
    }"""
    assert run("time.js", function) == [2_000_000, 1000, True]


def test_clock_that_stood_still_while_the_machine_slept_is_set_at_once(run: Run) -> None:
    function = """(m) => {
        const clock = new m.ServerClock();
        clock.sample(1_000_000, 1_000_500, 1_001_000);
        clock.sample(2_000_000, 3_602_010_000, 2_020_000);   // an hour later, on a slow network
        return [clock.offset_us, clock.trip_us];
    }"""
    assert run("time.js", function) == [3_600_000_000, 20_000]


def test_a_server_is_gone_when_it_leaves_pings_unanswered_not_when_a_hidden_tab_was_not_woken(run: Run) -> None:
    function = """(m) => {
        const kept = [WebSocket, setTimeout];
        let [now, made, timers] = [1000, null, []];
        performance.now = () => now;
        globalThis.setTimeout = (then, after) => timers.push({ then, at: now + after });
        globalThis.WebSocket = class {
            static OPEN = 1; readyState = 1; pings = []; code = 0;
            constructor() { made = this; }
            send(text) { this.pings.push(JSON.parse(text)); }
            close(code) { this.code = code; }
        };
        const pass = (ms) => {
            now += ms;
            const due = timers.filter((one) => one.at <= now);
            timers = timers.filter((one) => one.at > now);
            for (const { then } of due) then();
        };
        const answer = () => {
            for (const { time } of made.pings.splice(0)) {
                made.onmessage({ data: JSON.stringify({ type: 'session.pong', time, time_us: time * 1000 }) });
            }
        };
        try {
            const socket = new m.Socket('ws://x', { sample() {}, reset() {} }, { opened() {}, heard() {} }, async () => null);
            socket.start();
            made.onopen();
            socket.keepTime();
            const told = [];
            for (const ms of [1000, 60_000, 60_000, 3_600_000]) {
                pass(ms);
                told.push(made.pings.length > 0, made.code);
                answer();
            }
            for (let i = 0; i < 5; i++) pass(10_000), told.push(made.code);
            socket.stop();
            return told;
        } finally {
            [globalThis.WebSocket, globalThis.setTimeout] = kept;
            delete performance.now;
        }
    }"""
    awake, gone = [True, 0] * 4, [0, 0, 0, 4408, 4408]
    assert run("socket.js", function) == [*awake, *gone]


def test_frames_are_drawn_while_something_moves_and_seldom_else(run: Run) -> None:
    function = """(m) => {
        const kept = [requestAnimationFrame, setTimeout];
        const [frames, rests] = [[], []];
        globalThis.requestAnimationFrame = (then) => frames.push(then);
        globalThis.setTimeout = (then) => rests.push(then);
        try {
            let [drawn, moves] = [0, true];
            const wake = m.frames(() => drawn++, () => moves);
            wake();
            wake();
            const told = [frames.length];
            for (let i = 0; i < 3; i++) frames.shift()();
            told.push(drawn, frames.length, rests.length);
            moves = false;
            frames.shift()();
            told.push(drawn, frames.length, rests.length);
            rests.shift()();
            return [...told, frames.length];
        } finally {
            [globalThis.requestAnimationFrame, globalThis.setTimeout] = kept;
        }
    }"""
    assert run("frames.js", function) == [1, 3, 1, 0, 4, 0, 1, 1]


def test_transport_runs_from_its_anchor_and_never_backwards(run: Run) -> None:
    function = """(m) => {
        const transport = { playing: true, bpm: 90, beat: 16, n: 4, d: 4, time_us: 1e9 };
        const beats = [0.9e9, 1e9, 1e9 + 2e6].map((now) => m.beatAt(transport, now));
        return [...beats, m.beatAt({ ...transport, playing: false }, 2e9)];
    }"""
    assert run("time.js", function) == [16, 16, 19, 16]


def test_changes_of_the_transport_hold_from_their_own_time_on(run: Run) -> None:
    function = """(m) => {
        const at = (time_us, beat, bpm, playing = true) => ({ playing, bpm, beat, n: 4, d: 4, time_us });
        let known = m.withTransport([], at(0, 0, 120, false), 0);
        known = m.withTransport(known, at(100, 0, 120), 50);
        known = m.withTransport(known, at(900, 8, 90), 60);
        const heard = [50, 100, 899, 900, 5000].map((now) => { const t = m.transportAt(known, now); return [t.playing, t.bpm]; });
        known = m.withTransport(known, at(700, 6, 60), 650);   // what was planned for 900 is overruled
        const stopped = m.withTransport(known, at(1, 3, 60, false), 800);
        return [heard, known.map((t) => t.bpm), m.transportAt(known, 5000).bpm, stopped.length];
    }"""
    heard = [[False, 120], [True, 120], [True, 120], [True, 90], [True, 90]]
    assert run("time.js", function) == [heard, [120, 60], 60, 1]


def test_time_of_a_beat_follows_the_tempo_that_holds_there(run: Run) -> None:
    function = """(m) => {
        const slow = { playing: true, bpm: 60, beat: 0, time_us: 0 };
        const known = [slow, { playing: true, bpm: 120, beat: 4, time_us: 4e6 }];
        return [m.timeOfBeat(known, 2), m.timeOfBeat(known, 6), m.timeOfBeat([{ ...slow, playing: false }], 1)];
    }"""
    assert run("time.js", function) == [2_000_000, 5_000_000, None]


SENT = [
    {"type": "take.accept", "id": "take-1", "where": "take:take-1"},
    {"type": "section.request", "id": "a", "where": "form"},
    {"type": "take.accept", "id": "take-2", "where": "take:take-2"},
]


@pytest.mark.parametrize(
    ("refused", "place"),
    [
        ({"what": "section.request", "id": "a"}, "form"),
        ({"what": "a", "id": "a"}, "form"),
        ({"what": "take-1"}, "take:take-1"),
        ({"what": "take.accept"}, "take:take-2"),
        ({"what": "/take/accept"}, "take:take-2"),
        ({"what": "message"}, "page"),
    ],
)
def test_refusal_is_shown_where_it_was_caused(run: Run, refused: Any, place: str) -> None:
    assert run("state/notices.js", "(m, sent, refused) => m.placeOf(sent, refused)", SENT, refused) == place


def test_advice_names_its_field_and_reads_as_a_sentence(run: Run) -> None:
    said = ["bars: 65 is out of range", "melody.range: no", "No such thing!", ""]
    assert run("state/notices.js", "(m, said) => said.map((a) => [m.fieldOf(a), m.sentence(a)])", said) == [
        ["bars", "Bars: 65 is out of range."],
        ["melody.range", "Melody.range: no."],
        ["", "No such thing!"],
        ["", "The server refused this without saying why."],
    ]


@pytest.mark.parametrize(
    ("code", "advice", "words"),
    [
        ("bad-value", "bpm: 300 is out of range; ask for 40 to 240", "Tempo (bpm): 300 is out of range; ask for 40 to 240."),
        ("bad-value", "melody.range: C4 is no range", "Range of the melody: C4 is no range."),
        ("too-many", "section: 4 of yours are open; wait for one", "4 of yours are open; wait for one."),
        ("conflict", "bpm: the session goes at 120; set it with transport.tempo, or leave bpm out",
         "Tempo (bpm): the session goes at 120; change the tempo at the top, or leave bpm out."),
        ("not-allowed", "role: as rhythm you may not", "As rhythm you may not."),
        ("failed", "", "It came to nothing. Ask again, perhaps with another seed."),
        ("failed", "The server can't be reached just now.", "The server can't be reached just now."),
    ],
)  # fmt: skip
def test_refusals_are_said_in_the_words_of_the_page(run: Run, code: str, advice: str, words: str) -> None:
    assert run("state/wording.js", "(m, advice, code) => m.inWords(advice, code)", advice, code) == words


def test_a_missing_engine_is_explained_without_a_command_line(run: Run) -> None:
    advice = "engine: none is here; start one with `starbridge engine --join URL --token TOKEN`"
    said = run("state/wording.js", "(m, advice) => m.inWords(advice, 'no-engine')", advice)
    assert "no engine just now" in said
    assert "--join" not in said


def test_said_lines_are_read_from_the_log_signed_or_not(run: Run) -> None:
    lines = [
        {"event": {"type": "session.created"}, "index": 0, "member": "", "time": "2026-01-31T12:00:00.000Z"},
        {"event": {"type": "chat.said", "text": "hi"}, "index": 1, "member": "ana", "time": "2026-01-31T12:00:01.000Z"},
        {
            "event": {"type": "chat.said", "command": {"type": "chat.say", "text": "<b>"}},
            "member": "kim",
            "time": "2026-01-31T12:00:02.500Z",
        },
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert run("history.js", "(m, text) => m.saidIn(text)", text) == [
        {"member": "ana", "text": "hi", "time_us": 1_769_860_801_000_000, "said": True},
        {"member": "kim", "text": "<b>", "time_us": 1_769_860_802_500_000, "said": True},
    ]

"""Plans played: each note begins once and ends once, whatever plans follow one another, and nothing hangs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.midi import voices as ours
from bridge.midi.plan import FOREVER_US, LATE_US, Plan, Tone, Word
from bridge.midi.voices import SHORTEST_US
from bridge.wire import midi
from bridge.wire.midi import NoteOff, NoteOn, Tokenizer

SENT = list[tuple[int, bytes]]


class Voices(ours.Voices):
    """What is due, by time and bytes."""

    def pairs(self, until_us: int, now_us: int) -> SENT:
        return [(at_us, data) for at_us, data, _ in self.due(until_us, now_us)]


def read(sent: SENT) -> list[tuple[int, object]]:
    ear = Tokenizer()
    return [(at_us, message) for at_us, data in sent for message in ear.feed(data)]


def ons(sent: SENT) -> list[int]:
    return [message.pitch for _, message in read(sent) if isinstance(message, NoteOn)]


def hanging(sent: SENT) -> set[tuple[int, int]]:
    """What a receiver still hears."""
    sounds: set[tuple[int, int]] = set()
    for _, message in read(sent):
        if isinstance(message, NoteOn):
            sounds.add((message.channel, message.pitch))
        elif isinstance(message, NoteOff):
            sounds.discard((message.channel, message.pitch))
    return sounds


TONES = st.builds(
    lambda on, length, channel, pitch: (on, on + length, channel, pitch),
    st.integers(0, 400_000),
    st.integers(1, 100_000),
    st.integers(0, 3),
    st.integers(60, 64),
)


@given(st.lists(TONES, max_size=30), st.lists(st.integers(1, 50_000), min_size=1, max_size=40))
def test_overlapping_plans_play_each_note_once(notes: list[tuple[int, int, int, int]], steps: list[int]) -> None:
    """As the door plans: all of a window, again and again, while the sender sends in steps of its own."""
    tones = [Tone(id_, *note, 90) for id_, note in enumerate(notes, 1)]
    voices, sent, now = Voices(), list[tuple[int, bytes]](), 0
    for step in (*steps, 1_000_000, 1_000_000):
        window = tuple(tone for tone in tones if now - LATE_US < tone.on_us < now + 500_000)
        held = tuple((tone.id, tone.off_us) for tone in tones if tone.on_us <= now - LATE_US < tone.off_us)
        voices.take(Plan(now, window, held))
        until = now + min(step, 90_000)
        sent += voices.pairs(until, now)
        now = until
        while step > 90_000 and now < 900_000:
            window = tuple(tone for tone in tones if now - LATE_US < tone.on_us < now + 500_000)
            held = tuple((tone.id, tone.off_us) for tone in tones if tone.on_us <= now - LATE_US < tone.off_us)
            voices.take(Plan(now, window, held))
            sent += voices.pairs(now + 90_000, now)
            now += 90_000
    assert sorted(ons(sent)) == sorted(tone.pitch for tone in tones), "none lost, none twice"
    assert not hanging(sent)
    assert voices.sounding == 0
    assert [at for at, _ in sent] == sorted(at for at, _ in sent), "in order"


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("plan"), st.lists(st.tuples(st.integers(1, 20), TONES), max_size=6)),
            st.tuples(st.just("send"), st.integers(1, 80_000)),
        ),
        max_size=30,
    )
)
def test_whatever_plans_say_nothing_hangs_when_there_is_silence(steps: list[tuple[str, object]]) -> None:
    voices, sent, now = Voices(), list[tuple[int, bytes]](), 0
    for kind, what in steps:
        if kind == "plan":
            assert isinstance(what, list)
            tones: dict[int, tuple[int, int, int, int]] = dict(what)
            voices.take(Plan(now, tuple(Tone(id_, *tone, 90) for id_, tone in tones.items())))
        else:
            assert isinstance(what, int)
            sent += voices.pairs(now + what, now)
            now += what
        assert len(hanging(sent)) == voices.sounding
    sent += [(now, data) for data in voices.silence()]
    assert not hanging(sent)
    assert voices.pairs(FOREVER_US - 1, now) == []


def test_what_a_plan_knows_no_more_ends_at_once() -> None:
    voices = Voices()
    voices.take(Plan(0, (Tone(1, 0, 900_000, 0, 60, 90), Tone(2, 50_000, 900_000, 0, 62, 90))))
    voices.pairs(10_000, 0)
    voices.take(Plan(20_000))
    assert voices.pairs(30_000, 20_000) == [(20_000, midi.note_off(0, 60))]
    assert voices.pairs(2_000_000, 30_000) == [], "the second never begins"


def test_an_end_moves_with_the_plan() -> None:
    voices = Voices()
    tone = Tone(1, 0, 500_000, 0, 60, 90)
    voices.take(Plan(0, (tone,)))
    voices.pairs(10_000, 0)
    voices.take(Plan(200_000, held=((1, 700_000),)))
    assert voices.pairs(600_000, 500_000) == []
    voices.take(Plan(600_000, held=((1, 650_000),)))
    assert voices.pairs(700_000, 600_000) == [(650_000, midi.note_off(0, 60))]


def test_a_note_that_ends_as_it_begins_is_heard() -> None:
    voices = Voices()
    voices.take(Plan(1000, (Tone(1, 1000, 1000, 9, 36, 90),)))
    assert voices.pairs(FOREVER_US - 1, 1000) == [
        (1000, midi.note_on(9, 36, 90)),
        (1000 + SHORTEST_US, midi.note_off(9, 36)),
    ]


def test_a_note_that_is_far_too_late_is_left_out_and_counted() -> None:
    voices = Voices()
    voices.take(Plan(0, (Tone(1, 0, 900_000, 0, 60, 90), Tone(2, 0, 900_000, 0, 61, 90))))
    assert voices.pairs(1, LATE_US + 1) == []
    assert (voices.left_out, voices.begun) == (2, 0)


def test_ends_come_before_words_and_words_before_beginnings() -> None:
    voices = Voices()
    voices.take(
        Plan(0, (Tone(1, 0, 5000, 0, 60, 90), Tone(2, 5000, 9000, 0, 62, 90)), (), (Word(3, 5000, b"\xc0\x05"),))
    )
    sent = voices.pairs(5001, 0)
    assert [data for at, data in sent if at == 5000] == [midi.note_off(0, 60), b"\xc0\x05", midi.note_on(0, 62, 90)]


def test_a_word_is_said_once() -> None:
    voices = Voices()
    plan = Plan(0, said=(Word(3, 5000, b"\xf8"),))
    for _ in range(3):
        voices.take(plan)
        sent = voices.pairs(6000, 5000)
    assert sent == []


def test_who_goes_by_our_beat_is_told_that_it_ends() -> None:
    voices = Voices()
    voices.take(Plan(0, said=(Word(1, 0, bytes([midi.START])),)))
    voices.pairs(1, 0)
    assert voices.silence() == [bytes([midi.STOP])]
    assert voices.silence() == []


def test_only_what_was_known_before_its_time_can_be_late() -> None:
    voices = Voices()
    voices.take(Plan(1000, (Tone(1, 1000, FOREVER_US, 0, 60, 90), Tone(2, 1500, 2000, 0, 62, 90))))
    assert [due.ahead for due in voices.due(1001, 1000)] == [False]
    voices.take(Plan(1600, (Tone(2, 1500, 2000, 0, 62, 90), Tone(3, 1600, 9000, 0, 64, 90)), ((1, 1600),)))
    assert [(due.data[1], due.ahead) for due in voices.due(1601, 1600)] == [(62, True), (64, False)]
    voices.take(Plan(3000, (Tone(3, 1600, 5000, 0, 64, 90),), ((2, 2000),)))
    ends = {due.data[1]: due.ahead for due in voices.due(9000, 3000)}
    assert ends == {60: False, 62: True, 64: True}

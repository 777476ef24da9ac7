"""Whisper against stored answers of transformers, and transcripts as a user asks for them."""

import json
import re

import numpy as np
import pytest

import attnviz
from attnviz.analysis.word_times import median_filtered, warped, words_of
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.models import load_writer
from attnviz.models.checkpoint.feature_extractor import read_log_mel
from attnviz.models.checkpoint.speech import read_speech
from attnviz.models.recording import Recording
from attnviz.tracing.timestamps import Cut, TimestampRules, segments
from attnviz.tracing.transcribe import transcribe
from tests.inputs.test_sound import riff
from tests.reference import whisper


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("whisper")
    whisper.write(place)
    sound = (whisper.samples() * 2**15).round().astype("<i2")
    riff(place / "a.wav", 1, 16, 16_000, 1, sound.tobytes())
    riff(place / "float.wav", 3, 32, 16_000, 1, whisper.samples().tobytes())
    riff(place / "long.wav", 1, 16, 16_000, 1, np.tile(sound, 3)[:40_000].tobytes())
    return place


@pytest.fixture(scope="module")
def wanted():
    with np.load(whisper.ANSWERS) as file:
        return {name: file[name] for name in file.files}


def test_the_log_mel_picture_and_every_weight(folder, wanted):
    mels = read_log_mel(folder, whisper.MELS)(whisper.samples())
    assert np.abs(mels - wanted["mels"]).max() < 1e-4
    record = attnviz.trace(ids=whisper.IDS, audio=folder / "float.wav", model=str(folder))
    assert record.name == "cross"
    for name in ("encoder", "decoder", "cross"):
        np.testing.assert_allclose(record.stacks[name].weights, wanted[name], atol=1e-5)
    times = record.stack.key_tokens.where.times
    assert times.shape == (50, 2)
    assert times[1].tolist() == pytest.approx([0.02, 0.04])


def test_how_it_is_asked(folder):
    speech = read_speech(load_writer(str(folder)))
    assert speech.prompt("ar", "translate") == [5, 21, 25, 26]
    assert speech.prompt() == [5, 20, 24, 26]
    for language, task in (("arr", None), ("ar", "sing")):
        with pytest.raises(AttnvizError):
            speech.prompt(language, task)


def test_windows_and_words(folder):
    """2.5 seconds are three windows of one; each word begins where the one before it ends."""
    found = transcribe(folder / "long.wav", model=str(folder), language="ar", max_new_tokens=5,
                       timestamps=False)  # fmt: skip
    spans = [(window.begin, window.end) for window in found.windows]
    assert spans == [pytest.approx(one) for one in ((0, 1), (1, 2), (2, 2.5))]
    assert found.text == "".join(window.text for window in found.windows).strip()
    for window in found.windows:
        assert 7 not in window.ids  # suppressed
        assert all(window.begin <= w.begin <= w.end <= window.end + 0.02 for w in window.words)
    part = transcribe(folder / "long.wav", model=str(folder), start=1.0, end=2.0, language="ar",
                      max_new_tokens=5)  # fmt: skip
    assert part.windows[0].ids == found.windows[1].ids
    record = found.record(1)
    assert record.stack.key_tokens.where.times[0, 0] == pytest.approx(1.0)


def test_files(folder, tmp_path):
    found = transcribe(folder / "a.wav", model=str(folder), language="en", max_new_tokens=4)
    for name in ("a.srt", "a.vtt", "a.csv", "a.json", "a.txt"):
        found.save(tmp_path / name)
    tree = json.loads((tmp_path / "a.json").read_text())
    assert tree["windows"][0]["ids"] == list(found.windows[0].ids)
    assert (tmp_path / "a.srt").read_text().startswith("1\n00:00:00,")
    assert (tmp_path / "a.vtt").read_text().startswith("WEBVTT\n\n00:00:00.")
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == "word,begin,end,probability"
    with pytest.raises(AttnvizError, match=r"\.srt"):
        found.save(tmp_path / "a.doc")


def test_ctrl_c_keeps_what_was_written(folder):
    told = []

    def stop(text):
        told.append(text)
        if len(told) == 2:
            raise KeyboardInterrupt

    found = transcribe(folder / "a.wav", model=str(folder), language="en", stream=stop)
    assert found.interrupted
    assert found.text.split() == "".join(told).split()


def test_paths_and_medians_by_hand():
    """Where all but the diagonal costs something, the path is the diagonal."""
    path = warped(2 * np.eye(4) - 1)
    assert path.tokens.tolist() == path.frames.tolist() == path.begins.tolist() == [0, 1, 2, 3]
    slow = np.repeat(2 * np.eye(3) - 1, 2, axis=1)  # each token fits two frames
    assert warped(slow).begins.tolist() == [0, 2, 4]
    assert median_filtered(np.array([1.0, 9, 2, 3, 8]), 3).tolist() == [9, 2, 3, 3, 3]


def test_pieces_become_words():
    pieces = [" Yes", "ter", "day", ",", " “", "my", "”", " don", "'t", "!"]
    joined = ["".join(pieces[k] for k in word) for word in words_of(pieces)]
    assert joined[0] == " Yesterday,"
    assert joined[-1].endswith("!")
    assert "".join(joined) == "".join(pieces)
    assert words_of(["昨", "", "日"], spaced=False) == [[0], [1], [2]]


def allowed(new, n=12, *, latest=None, likely=()):
    """What the rules leave of n ids: text 0 to 5, end 6, none 7, timestamps 8 to 11."""
    scores = np.zeros(n, np.float32)
    scores[:8] = 5  # so that timestamps together are no likelier than one word
    scores[list(likely)] = 9
    left = TimestampRules(8, 6, 2, latest)(np.array([1, 2, *new]), scores)
    return set(np.flatnonzero(np.isfinite(left)).tolist())


def test_the_rules_of_timestamps_by_hand():
    words, end = set(range(6)), {6}
    assert allowed([]) == {8, 9, 10, 11}  # the first is a timestamp
    assert allowed([], latest=1) == {8, 9}
    assert allowed([8]) == words | end  # after the first one words
    assert allowed([8, 3]) == words | end | {9, 10, 11}  # a segment ends after it began
    assert allowed([8, 3, 10]) == end | {10, 11}  # a pair, or the end
    assert allowed([8, 3, 10, 10]) == words | end
    assert allowed([8, 3], likely=[10]) == {9, 10, 11}  # times are likelier than any word


def test_segments_by_hand():
    """Ids from 8 on are timestamps: 8 is 0.00 s, 9 is 2 frames later."""
    cut = lambda ids: segments(ids, 8, 100)  # noqa: E731 short
    assert cut([8, 1, 2, 12]) == ([Cut((0, 4), 0, 4)], 100)  # one segment to the end of the window
    assert cut([8, 1, 12, 12, 2, 20]) == ([Cut((0, 3), 0, 4), Cut((3, 6), 4, 12)], 100)
    assert cut([8, 1, 12, 12, 2, 3]) == ([Cut((0, 4), 0, 4)], 8)  # 2 and 3 are heard anew
    assert cut([8, 1, 12, 12]) == ([Cut((0, 4), 0, 4)], 8)
    assert cut([8, 1, 2]) == ([Cut((0, 3), 0, 50)], 100)
    assert cut([]) == ([Cut((0, 0), 0, 50)], 100)


def test_a_recording_is_heard_part_by_part_as_a_whole(folder):
    """Frames, their ends and what is loudest are those of one picture of all samples."""
    extractor = read_log_mel(folder, whisper.MELS)
    samples = np.tile((whisper.samples() * 2**15).round() / 2**15, 3)[:40_000]
    logs = extractor.logs(np.pad(samples, 200, mode="reflect"))[:-1]
    wanted = extractor.scaled(logs, logs.max())
    recording = Recording(folder / "long.wav", 0.0, 2.5, extractor)
    assert recording.n_heard == recording.n_frames == 250
    for first in (0, 70, 150, 249):
        found = recording.mels(first)
        n = min(100, 250 - first)
        np.testing.assert_allclose(found[:, :n], wanted[:, first : first + n], atol=1e-6)
        assert (found[:, n:] == 0).all()


def test_windows_move_by_what_was_written(folder, tmp_path, capsys):
    """A window begins where the last pair of timestamps of the one before it was."""
    whisper.write(tmp_path)
    given = whisper.GENERATION | {"no_timestamps_token_id": 10, "lang_to_id": {}}
    (tmp_path / "generation_config.json").write_text(json.dumps(given))
    found = transcribe(folder / "long.wav", model=str(tmp_path), max_new_tokens=5)
    expected = 0.0
    for window in found.windows:
        assert window.begin == pytest.approx(expected)
        times = [i - 11 for i in window.ids if i >= 11]
        pair = len(window.ids) > 1 and window.ids[-2] >= 11 and window.ids[-1] >= 11
        expected += 0.02 * times[-1] if pair else 1.0
    assert len(found.windows) > 3
    assert found.segments == [s for w in found.windows for s in w.segments if s.text.strip()]
    words = ["transcribe", str(folder / "a.wav"), "--model", str(tmp_path), "--timestamps"]
    assert run_command_line([*words, "--no-show", "--max-new-tokens", "5"]) == 0
    assert capsys.readouterr().out.startswith("[00:00:00.")


def test_ctrl_c_keeps_the_segments_that_were_written(folder, tmp_path):
    whisper.write(tmp_path)
    given = whisper.GENERATION | {"no_timestamps_token_id": 10, "lang_to_id": {}}
    (tmp_path / "generation_config.json").write_text(json.dumps(given))
    whole = transcribe(folder / "long.wav", model=str(tmp_path), max_new_tokens=12)

    def stop(_):
        raise KeyboardInterrupt

    found = transcribe(folder / "long.wav", model=str(tmp_path), max_new_tokens=12, stream=stop)
    assert found.interrupted
    assert found.segments
    assert found.segments[0].text == whole.segments[0].text
    assert [word.begin for word in found.words] == [one.begin for one in found.segments]
    assert "".join(one.text for one in found.segments) == found.windows[0].text
    assert all(one.end >= one.begin for one in found.segments)


def test_long_sounds_keep_the_first_pictures_alone(folder, monkeypatch):
    """Words of all windows, and where they looked of the first: memory stays as it is."""
    monkeypatch.setattr("attnviz.tracing.listener.KEPT", 1)
    found = transcribe(folder / "long.wav", model=str(folder), language="en", max_new_tokens=3,
                       timestamps=False)  # fmt: skip
    assert [window.shares is None for window in found.windows] == [False, True, True]
    assert all(window.words for window in found.windows)
    assert found.windows[0].aligned.weights.shape == (4, 50)  # three tokens and the end


BAD = [
    (["{wav}"], "--model"),
    (["{wav}", "--model", "minilm"], "hears"),
    (["{wav}", "--model", "{folder}", "--language", "arr"], "ar"),
    (["{wav}", "--model", "{folder}", "--task", "sing"], "translate"),
    (["none.wav", "--model", "{folder}"], "none.wav"),
    (["{wav}", "--model", "{folder}", "--start", "5"], "--start"),
    (["{wav}", "--model", "{folder}", "-o", "a.doc"], ".srt"),
    (["{wav}", "--model", "{folder}", "--json", "--csv"], "both"),
    (["{folder}/config.json", "--model", "{folder}"], "WAV, FLAC"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=lambda value: " ".join(value)[-30:])
def test_what_is_wrong_is_said_in_one_line(folder, capsys, tmp_path, words, said):
    from tests.reference import checkpoints

    checkpoints.stand_in_for_minilm(tmp_path / "minilm")
    given = [w.format(wav=folder / "a.wav", folder=folder) for w in words]
    given = [str(tmp_path / "minilm" / "model") if w == "minilm" else w for w in given]
    status = run_command_line(["transcribe", *given])
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert len(captured.err.splitlines()) == 1
    assert said in captured.err


def test_the_command(folder, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    words = ["transcribe", str(folder / "a.wav"), "--model", str(folder), "--language", "en",
             "--max-new-tokens", "4"]  # fmt: skip
    assert run_command_line([*words, "-o", str(tmp_path / "a.png"), "--lang", "darija"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "heads li kayrettbo" in out
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert run_command_line([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["language"] == "en"


@pytest.mark.parametrize("name", ["text", "image"])
def test_a_model_that_listens_is_told_what_it_reads(folder, name):
    given = {"text": {"text": None}, "image": {"image": folder / "a.wav"}}[name]
    with pytest.raises(AttnvizError, match=r"sound|image"):
        attnviz.trace(model=str(folder), **given)


def test_a_sound_that_is_too_long_for_one_window(folder):
    with pytest.raises(AttnvizError, match="transcribe"):
        attnviz.trace(ids=whisper.IDS, audio=folder / "long.wav", model=str(folder))


def test_the_page_of_a_transcript(folder, tmp_path, capsys):
    path = tmp_path / "words.html"
    words = [
        "transcribe",
        str(folder / "a.wav"),
        "--model",
        str(folder),
        "--no-show",
        "-o",
        str(path),
    ]
    assert run_command_line(words) == 0
    capsys.readouterr()
    (tree,) = re.findall(r'id="tree">(.*?)</script>', path.read_text(encoding="utf-8"))
    stack = json.loads(tree)["stacks"][0]
    found = transcribe(folder / "a.wav", model=str(folder))
    assert stack["queries"]["labels"] == [word.text.strip() for word in found.words]
    assert np.allclose(stack["sound"]["spans"], [(w.begin, w.end) for w in found.words], atol=1e-4)
    assert stack["sound"]["voice"]["rate"] == 8000
    record = found.words_over_time()
    assert np.array_equal(record.stack.weights[0, 0], found.windows[0].shares)

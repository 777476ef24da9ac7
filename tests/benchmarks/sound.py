"""Whisper tiny.en on 30 seconds: its heads streamed to maps, against transformers, and memory."""

import statistics
import time
import wave
from pathlib import Path

ENGLISH = Path(__file__).parents[2] / "samples/audio/english.wav"
SECONDS = 30
ROOM = 64 << 20  # bytes: all weights of the encoder take 216 MB, so its 24 heads are streamed
PROMPT = [50257, 50362]


def long_sound(folder):
    """The bundled sentence again and again, for 30 seconds."""
    with wave.open(str(ENGLISH)) as file:
        settings, once = file.getparams(), file.readframes(file.getnframes())
    place, n_bytes = folder / "long.wav", 2 * SECONDS * settings.framerate
    with wave.open(str(place), "wb") as file:
        file.setparams(settings)
        file.writeframes((once * (n_bytes // len(once) + 1))[:n_bytes])
    return place


def whisper_ratios(rounds, folder, peak, attnviz):
    """From samples to weights, wall time: every map of ours, every weight of transformers' eager
    attention; then the peak of the whole command.

    peak: gives the most KiB that a command takes; attnviz: makes the command.
    """
    import torch
    from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

    from attnviz import load_model, trace
    from attnviz.inputs.sound import open_sound
    from tests.reference import whisper_folder

    torch.set_num_threads(2)
    place = folder / "whisper"
    place.mkdir()
    whisper_folder.write(place)
    sound = long_sound(folder)
    model, samples = load_model(str(place)), open_sound(sound).samples
    extractor = WhisperFeatureExtractor.from_pretrained(place)
    theirs = WhisperForConditionalGeneration.from_pretrained(
        place, attn_implementation="eager"
    ).eval()

    def ours():
        return trace(audio=sound, ids=PROMPT, model=model, max_memory=ROOM, stack="encoder")

    def peer():
        fed = extractor(samples, sampling_rate=16_000, return_tensors="pt").input_features
        with torch.no_grad():
            return theirs(fed, decoder_input_ids=torch.tensor([PROMPT]), output_attentions=True)

    def spent(run):
        time.sleep(0.2)  # the other's threads wait in a spin for a while
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    ours(), peer()
    ratios = [spent(ours) / spent(peer) for _ in range(max(rounds, 3))]
    yield "Whisper tiny.en, 30 s, all maps, × transformers", statistics.median(ratios), 0.9
    options = ("--stack", "encoder", "--layer", "all", "--max-memory", "64MB", "--show", "none")
    said = ("--audio", str(sound), "--model", str(place), *options, "-o", "maps.png")
    command = attnviz("run", *said)
    yield "Whisper tiny.en, 30 s, all maps, PNG, MiB", peak(command, folder) / 1024, 400.0

"""Make the bundled sounds again: python samples/audio/make_audio.py (espeak-ng for the speech)."""

import subprocess
import wave
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RATE = 16_000
# name → seconds and hertz, 0 for silence: three notes up, a pause, and the first one again.
TONES = [(0.4, 262), (0.4, 330), (0.4, 392), (0.3, 0), (0.4, 262), (0.2, 0)]
SPEECH = {
    "english.wav": ("en-us", "Yesterday my brother bought fish."),
    "arabic.wav": ("ar", "أمس اشترى أخي السمك من السوق."),
}


def tones():
    """Each note with two overtones, and soft edges of 20 ms."""
    parts = []
    for seconds, hertz in TONES:
        t = np.arange(round(seconds * RATE)) / RATE
        note = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in (1, 2, 3)) / 3 * bool(hertz)
        parts.append(note * np.clip(np.minimum(t, t[::-1]) / 0.02, 0, 1))
    return np.concatenate(parts)


def write(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())


def main():
    from attnviz.inputs.sound import open_sound

    write(HERE / "tones.wav", 0.8 * tones())
    for name, (voice, words) in SPEECH.items():
        spoken = HERE / f"{name}.raw.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "140", "-w", spoken, words], check=True)
        write(HERE / name, open_sound(spoken).samples)
        spoken.unlink()


if __name__ == "__main__":
    main()

"""Writers of every kind of file, ended at any moment: `python -m tests.files.ended FOLDER SIGNAL
TIMES` prints how many files were lost or half, and how many names were left behind.

A child writes one file again and again, first one content, then another; the parent ends it.
"""

import os
import random
import signal
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import SimpleNamespace

import attnviz
from attnviz.analysis.effects import SUFFIXES as EFFECTS
from attnviz.cli import run_command_line
from attnviz.cli.commands.cost import SUFFIXES as COSTS
from attnviz.cli.numbers_output import SUFFIXES as NUMBERS
from attnviz.cli.output import save
from attnviz.language.english import ENGLISH
from attnviz.tracing.transcript import SUFFIXES as TRANSCRIPTS
from attnviz.tracing.transcript import Transcript, Window, Word
from attnviz.views.compare_files import SUFFIXES as COMPARISONS
from attnviz.views.files import SUFFIXES as RECORDS
from attnviz.views.link_words import SUFFIXES as LINKS
from attnviz.views.survey_files import SUFFIXES as SURVEYS
from attnviz.views.survey_files import save as save_survey

TEXTS = "The cat sat on the mat", "The dog ran to the old door and barked"
LESSONS = PICTURES_OF = (".png", ".svg", ".pdf")
PICTURES = Path(__file__).parents[2] / "samples"


def transcript(text):
    words = tuple(Word(word, n, n + 0.5, 0.9) for n, word in enumerate(text.split()))
    window = Window(0.0, 9.0, (1, 2), text, words, 0.1)
    model = SimpleNamespace(name="whisper")
    return Transcript("whisper", "en", "transcribe", (window,), 1.0, False, model, Path("x"), (1,))


def writers():
    """Give, by the name of a file, two functions that write it with two contents."""
    ids = [[3, 7, 9, 4, 3, 7], [5, 2, 8, 5, 2, 8]]
    things = {
        "record": ([attnviz.trace(text, heads=2) for text in TEXTS], RECORDS),
        "streamed": ([attnviz.trace(text, heads=2, max_memory=0) for text in TEXTS], (".npz",)),
        "transcript": ([transcript(text) for text in TEXTS], TRANSCRIPTS),
        "effects": ([attnviz.effects(ids=one, model="induction") for one in ids],
                    (".json", ".csv", ".npz")),
        "written": ([attnviz.generate(ids=one, model="induction", max_new_tokens=4).record
                     for one in ids], (".json", ".png")),
        "check": ([attnviz.check(ids=one, model="induction") for one in ids], (".json", ".csv")),
        "image": ([attnviz.trace(image=PICTURES / "images" / "cat.jpg", heads=n) for n in (1, 2)],
                  (".npz", ".html")),
        "sound": ([attnviz.trace(audio=PICTURES / "audio" / "arabic.wav", heads=n) for n in (1, 2)],
                  (".json", ".svg")),
    }  # fmt: skip
    for kind, (two, suffixes) in things.items():
        for suffix in suffixes:
            yield f"{kind}{suffix}", [one.save for one in two]
    surveys = [attnviz.survey(list(TEXTS[:n]), heads=2) for n in (1, 2)]
    for suffix in SURVEYS:
        yield f"survey{suffix}", [lambda path, s=s: save_survey(s, path) for s in surveys]
    for name, (two, suffixes) in commands().items():
        for suffix in suffixes:
            yield f"{name}{suffix}", [of_command(words, suffix) for words in two]


def commands():
    """Give what commands write that no function of the library does: two commands, and suffixes."""
    ids = ["--ids", "3,7,9,4,3,7", "--model", "induction"]
    other = ["--ids", "5,2,8,5,2,8", "--model", "induction"]
    return {
        "compare": ([["compare", *TEXTS], ["compare", *reversed(TEXTS)]], COMPARISONS),
        "cost": ([["cost", "--no-measure", "--heads", n] for n in "12"], COSTS),
        "link": ([["run", text, "--query", "0", "--key", "0"] for text in TEXTS], LINKS),
        "lesson": ([["explain", topic] for topic in ("softmax", "scores")], LESSONS),
        "heads": ([["heads", text] for text in TEXTS], NUMBERS),
        "steps": ([["steps", text, "--query", "0"] for text in TEXTS], NUMBERS),
        "lens": ([["lens", *ids], ["lens", *other]], NUMBERS),
        "drawn effects": ([["effect", *ids], ["effect", *other]], {*PICTURES_OF} - {*EFFECTS}),
        "drawn check": ([["check", *ids], ["check", *other]], PICTURES_OF),
    }


def of_command(words, suffix):
    """Run a command once; return what writes that file again by the door that it used."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"x{suffix}"
        with redirect_stdout(TextIOWrapper(BytesIO())), redirect_stderr(TextIOWrapper(BytesIO())):
            status = run_command_line([*words, "-o", str(file)])
        assert status == 0, (words, suffix)
        data = file.read_bytes()
    return lambda path: save(path, data, ENGLISH, quiet=True)


def write_on(file, two):
    """Start a child that writes both contents again and again; return its number."""
    try:
        if child := os.fork():
            return child
        while True:
            for write in two:
                write(file)
    except KeyboardInterrupt:  # only a child is sent one
        pass
    os._exit(1)  # it prints nothing that its parent has not printed yet


def ended(file, two, number, times, dice):
    """Write and end so many times; return what was lost, half and left behind."""
    contents, took = [], time.monotonic()
    for write in two:
        write(file)
        contents.append(file.read_bytes())
    took = (time.monotonic() - took) / 2
    lost = half = 0
    for _ in range(times):
        child = write_on(file, two)
        time.sleep(dice.random() * min(2 * took, 0.2))
        os.kill(child, number)
        while os.waitpid(child, os.WNOHANG) == (0, 0):  # Python may lose an interrupt
            time.sleep(0.02)
            os.kill(child, number)
        lost += not file.exists()
        half += file.exists() and file.read_bytes() not in contents
    return lost, half, len([path for path in file.parent.iterdir() if path != file])


def main(folder, number, times):
    for each in (signal.SIGINT, signal.SIGTERM):  # as the command listens
        signal.signal(each, signal.default_int_handler)
    dice, made = random.Random(number), list(writers())
    for nth, (name, two) in enumerate(made):
        place = folder / name
        place.mkdir()
        share = times // len(made) + (nth < times % len(made))
        print(name, *ended(place / name, two, number, share, dice), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""ViT-B/16 with drawn weights: 144 heads of a photograph to a PNG, and a warm forward pass, against
transformers."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

PHOTO = Path(__file__).parents[2] / "samples/images/cat.jpg"
SCRIPT = """
import sys
import torch
from PIL import Image
from transformers import ViTImageProcessorPil, ViTModel
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

folder, photo, file = sys.argv[1:]
processor = ViTImageProcessorPil.from_pretrained(folder)
model = ViTModel.from_pretrained(folder, attn_implementation="eager").eval()
fed = processor(Image.open(photo).convert("RGB"), return_tensors="pt")
with torch.no_grad():
    maps = model(**fed, output_attentions=True).attentions
figure, axes = plt.subplots(12, 12, figsize=(12, 12))
for layer, one in enumerate(maps):
    for head in range(12):
        axes[layer, head].imshow(one[0, head, 0, 1:].reshape(14, 14))
        axes[layer, head].axis("off")
figure.savefig(file)
"""


def write_model(place):
    """ViT-B/16 at 224 pixels: 12 layers of 12 heads, 343 MB."""
    import torch
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(0)
    ViTModel._from_config(ViTConfig()).save_pretrained(place)
    processor = {"size": {"height": 224, "width": 224}, "image_processor_type": "ViTImageProcessor"}
    (place / "preprocessor_config.json").write_text(json.dumps(processor))


def cold(command, folder):
    """Seconds of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def vit_ratios(rounds, folder, peak, attnviz):
    """Whole processes from a photograph to a PNG of 144 heads, cold; then warm passes with every
    weight.

    peak: gives the most KiB that a command takes; attnviz: makes the command.
    """
    import torch
    from transformers import ViTModel

    from attnviz import load_model, trace

    torch.set_num_threads(2)
    place = folder / "vit"
    place.mkdir()
    write_model(place)
    script = folder / "peer.py"
    script.write_text(SCRIPT)
    said = ("--image", str(PHOTO), "--model", str(place), "--layer", "all", "--show", "none")
    ours = attnviz("run", *said, "-o", "ours.png", "-q")
    peer = [sys.executable, str(script), str(place), str(PHOTO), "peer.png"]
    pairs = [(cold(ours, folder), cold(peer, folder)) for _ in range(max(rounds, 2))]
    ratio = statistics.median(one / other for one, other in pairs)
    yield "ViT-B/16, 144 heads to PNG, cold, × a script with transformers", ratio, 0.25
    room = peak(ours, folder) / peak(peer, folder)
    yield "ViT-B/16, 144 heads to PNG, memory, × the same script", room, 0.5
    model = load_model(str(place))
    theirs = ViTModel.from_pretrained(place, attn_implementation="eager").eval()
    pixels = torch.rand(1, 3, 224, 224)

    def run():
        return trace(image=PHOTO, model=model)

    def run_theirs():
        with torch.no_grad():
            return theirs(pixels, output_attentions=True)

    def spent(work):
        time.sleep(0.4)  # the other's threads wait in a spin for a while
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    run(), run_theirs()
    ratios = [spent(run) / spent(run_theirs) for _ in range(max(rounds, 5))]
    yield "ViT-B/16, warm, every weight, × transformers eager", statistics.median(ratios), 0.9

"""Models that look at pictures against stored answers of transformers."""

import json
from contextlib import suppress

import numpy as np
import pytest

import attnviz
from attnviz.analysis.caption import caption_words, share_of_picture
from attnviz.cli import run_command_line
from attnviz.errors import AttnvizError
from attnviz.models import load_writer
from attnviz.models.model import Inputs
from tests.reference import pictures

IDS, CAPTION = [3, 17, 5, 2, 11], [5, 17, 9, 22]
TOWERS = ("clip", "siglip", "siglip2")
WRITERS = ("vit-gpt2", "trocr", "blip")
ASKED = [1, 8, 29, 17, 22]  # 29 stands for the picture
AMONG = {
    "llava": 9,
    "smolvlm": 4,
    "paligemma": 9,
    "gemma3": 4,
    "qwen2_vl": 6,
    "qwen2_5_vl": 6,
    "qwen3_vl": 6,
}  # how many tokens a picture is among words


def given(folder, case):
    ids = IDS if case in TOWERS else CAPTION if case in WRITERS else None
    ids = ASKED if case in AMONG else ids
    return {"image": folder / "picture.png", "model": str(folder)} | ({"ids": ids} if ids else {})


@pytest.mark.parametrize("case", pictures.CASES)
def test_every_weight(case, tmp_path):
    pictures.write(case, tmp_path)
    wanted = pictures.expected(case)
    record = attnviz.trace(**given(tmp_path, case))
    stacks = {name.removesuffix("/weights") for name in wanted if name.endswith("/weights")}
    assert stacks == set(record.stacks)
    for stack in stacks:
        found = record.stacks[stack].weights
        assert wanted[f"{stack}/weights"].max() > 0.2
        np.testing.assert_allclose(found, wanted[f"{stack}/weights"], atol=1e-5)


@pytest.mark.parametrize("case", WRITERS)
def test_what_is_written_about_a_picture(case, tmp_path):
    """The library's greedy ids; each word looks from where it was chosen, and its share of [CLS]
    and of the patches is that of its row."""
    pictures.write(case, tmp_path)
    how = {"max_new_tokens": 8, "no_repeat_ngram_size": 2}
    found = attnviz.generate(
        image=tmp_path / "picture.png", model=str(tmp_path), **how
    )  # fmt: skip
    wanted = pictures.expected(case)["ids"].tolist()
    assert [5, *found.ids] == wanted[: 1 + len(found.ids)]
    words = caption_words(found.record)
    whole = found.record.stacks["cross"].weights.mean(axis=(0, 1))
    assert len(words) == len(found.ids)
    for i, word in enumerate(words):
        np.testing.assert_allclose(word.row, whole[i], atol=1e-6)
        assert word.special == pytest.approx(whole[i, 0], abs=1e-6)
        assert word.probability == pytest.approx(found.steps[i].probability)


def test_the_class_of_a_picture_in_stages(tmp_path):
    pictures.write("swin", tmp_path)
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path)}
    (place,) = attnviz.predict(**asked).places
    logits = pictures.expected("swin")["logits"].astype(float)
    shares = np.exp(logits) / np.exp(logits).sum()
    found = {label: share for _, label, share in place.candidates}
    assert found == {
        n: pytest.approx(s, abs=1e-5) for n, s in zip(("cat", "box", "cup"), shares, strict=True)
    }
    masks = attnviz.trace(**asked).stacks["stage0"].masks
    assert list(map(str, masks)) == ["windows 8 4 0", "windows 8 4 2"]
    (tmp_path / "preprocessor_config.json").write_text('{"size": {"height": 30, "width": 30}}')
    with pytest.raises(AttnvizError, match="windows lie on 8 × 8"):
        attnviz.trace(**asked)


@pytest.mark.parametrize("case", AMONG)
def test_a_picture_among_words(case, tmp_path, capsys):
    """The library's greedy ids, and what each of them looked at: the picture is a block of its
    own."""
    pictures.write(case, tmp_path)
    stop = 2 + AMONG[case]
    words = ["generate", "--ids", ",".join(map(str, ASKED)), "--model", str(tmp_path), "--image",
             str(tmp_path / "picture.png"), "--max-new-tokens", "6",
             "--no-repeat-ngram-size", "2"]  # fmt: skip
    assert run_command_line([*words, "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    written = [step["id"] for step in settings["steps"]]
    assert written == pictures.expected(case)["ids"].tolist()[: len(written)]
    parts = {"before": [0, 2], "image": [2, stop], "prompt": [stop, stop + 2]}
    assert settings["prompt_parts"] == parts
    assert run_command_line(words) == 0
    header = capsys.readouterr().out
    assert all(name in header for name in ("before", "image", "prompt"))


@pytest.mark.parametrize("case", AMONG)
def test_where_each_word_looked_in_a_picture_among_words(case, tmp_path, capsys):
    """Its row is over the picture's tokens alone; the rest of its weight went to words."""
    pictures.write(case, tmp_path)
    n = AMONG[case]
    pictures.with_words(tmp_path)
    image = tmp_path / "picture.png"
    found = attnviz.generate("a cat", image=image, model=str(tmp_path), max_new_tokens=3)
    whole = found.record.stack.weights.astype(float).mean(axis=(0, 1))
    words = caption_words(found.record)
    assert len(words) == len(found.ids)
    for i, word in enumerate(words, len(found.prompt) - 1):
        np.testing.assert_allclose(word.row, whole[i, :n], atol=1e-6)
        assert word.elsewhere == pytest.approx(whole[i, n:].sum(), abs=1e-6)
    asked = ["generate", "a cat", "--image", str(image), "--model", str(tmp_path), "--show",
             "caption", "--max-new-tokens", "3", "-o", str(tmp_path / "a.png")]  # fmt: skip
    assert run_command_line(asked) == 0
    assert capsys.readouterr().out.count("· words ") == len(words)
    assert (tmp_path / "a.png").stat().st_size > 5000
    with pytest.raises(AttnvizError, match="not written about a picture"):
        caption_words(attnviz.generate("a cat", model=str(tmp_path), max_new_tokens=2).record)


def test_a_text_beside_a_picture(tmp_path):
    pictures.write("llava", tmp_path)
    pictures.with_words(tmp_path)
    opened = load_writer(str(tmp_path))
    image = tmp_path / "picture.png"
    tokens = opened.prepare(Inputs(text="a cat", image=image)).text
    assert tokens.labels == (*(f"r{row}c{column}" for row in range(3) for column in range(3)),
                             "a", "cat")  # fmt: skip
    assert opened.prepare(Inputs(text="a cat")).text.labels == ("a", "cat")
    record = attnviz.trace("a cat", image=image, model=str(tmp_path))
    assert record.name == "self"
    found = attnviz.generate("a cat", image=image, model=str(tmp_path), max_new_tokens=2)
    assert found.record.stack.key_tokens.labels[:11] == tokens.labels
    assert record.stack.weights[0, 0, -1].sum() == pytest.approx(1, abs=1e-6)
    for wrong, said in (({"ids": [1, 29]}, "there is none"), ({"image": image}, "Give a text")):
        with pytest.raises(AttnvizError, match=said):
            attnviz.trace(model=str(tmp_path), **wrong)


@pytest.mark.parametrize("case", TOWERS)
def test_how_well_a_text_fits_a_picture(case, tmp_path, capsys):
    pictures.write(case, tmp_path)
    words = ["predict", "--ids", ",".join(map(str, IDS)), "--image", str(tmp_path / "picture.png"),
             "--model", str(tmp_path)]  # fmt: skip
    assert run_command_line([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = pictures.expected(case)["logit"][0]
    assert found["kind"] == "similarity"
    (one,) = found["similarities"]
    assert one["logit"] == pytest.approx(wanted, abs=1e-5)
    share = 1 / (1 + np.exp(-wanted)) if case.startswith("siglip") else 1
    assert one["probability"] == pytest.approx(share, abs=1e-6)
    assert run_command_line(words) == 0
    assert f"logit {wanted:7.2f}" in capsys.readouterr().out


def test_each_line_is_a_text_and_they_share_one_softmax(tmp_path, capsys):
    pictures.write("clip", tmp_path)
    pictures.with_words(tmp_path)
    texts = ["a cat", "a red ball", "dog on dog"]
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path)}
    found = attnviz.predict("\n".join([*texts, ""]), **asked).similarities
    assert sorted(one.text for one in found) == sorted(texts)
    shares = [one.probability for one in found]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    gaps = np.exp(found[0].logit - found[1].logit)
    assert shares[0] / shares[1] == pytest.approx(gaps)
    alone = {text: attnviz.predict(text, **asked).similarities[0].cosine for text in texts}
    assert {one.text: one.cosine for one in found} == pytest.approx(alone)
    words = ["predict", "\n".join(texts), "--image", str(asked["image"]), "-m", asked["model"]]
    assert run_command_line(words) == 0
    assert capsys.readouterr().out.count("█") > 10


def test_siglip_reads_a_text_filled_up_to_its_length(tmp_path):
    pictures.write("siglip", tmp_path)
    pictures.with_words(tmp_path)
    tokens = load_writer(str(tmp_path)).prepare(Inputs(text="a cat")).text
    assert tokens.ids.tolist() == [3, 4] + [1] * 10
    assert tokens.special.tolist() == [False] * 2 + [True] * 10
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path)}
    (short,) = attnviz.predict("a cat", **asked).similarities
    (ready,) = attnviz.predict(ids=tokens.ids.tolist(), **asked).similarities
    assert short.logit == ready.logit


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": "a cat"}, "no picture"),
        ({"image": True}, "no text"),
        ({"text": " \n ", "image": True}, "no text"),
        ({"text": "a cat", "image": True, "answer": "b"}, "answer"),
        ({"text": "a cat", "image": True, "chat": True}, "chat"),
    ],
)
def test_what_cannot_be_compared_is_said(asked, said, tmp_path):
    pictures.write("clip", tmp_path)
    pictures.with_words(tmp_path)
    if "image" in asked:
        asked = asked | {"image": tmp_path / "picture.png"}
    with pytest.raises(AttnvizError, match=said):
        attnviz.predict(model=str(tmp_path), **asked)


@pytest.mark.parametrize("case", ["clip", "blip", "llava", "smolvlm", "gemma3", "qwen3_vl", "swin"])
@pytest.mark.parametrize("words", [
    ["cost"], ["lens", "a"], ["effect", "a"], ["check", "a cat"], ["heads", "a cat"],
    ["steps", "a cat", "--query", "a"], ["models"],
])  # fmt: skip
def test_other_commands_answer_or_say_what_they_read(case, words, tmp_path, capsys):
    """No command breaks on a model that looks: it runs, or says in one line why it cannot."""
    pictures.write(case, tmp_path)
    pictures.with_words(tmp_path)
    more = ["--no-measure"] if words == ["cost"] else []
    place = [str(tmp_path)] if words == ["models"] else ["--model", str(tmp_path)]
    status = run_command_line([*words, *more, *place])
    told = capsys.readouterr()
    assert status in (0, 2)
    if status == 2:
        assert told.out == ""
        assert told.err.count("\n") == 1


@pytest.mark.parametrize("case", ["llava", "gemma3", "qwen3_vl"])
def test_a_run_says_what_goes_to_the_picture(case, tmp_path, capsys):
    """A word's row is drawn over the picture; what words give it is the sum of those columns."""
    pictures.write(case, tmp_path)
    pictures.with_words(tmp_path)
    n, image = AMONG[case], tmp_path / "picture.png"
    record = attnviz.trace("a cat on", image=image, model=str(tmp_path))
    assert record.settings.prompt_parts == {"image": (0, n), "prompt": (n, n + 3)}
    shares = record.stack.weights.astype(float).mean(axis=1)[:, n:, :n].sum(axis=-1)
    for layer, wanted in enumerate(shares):
        assert share_of_picture(record, layer, "mean") == pytest.approx(wanted.mean(), abs=1e-6)
    words = ["run", "a cat on", "--image", str(image), "--model", str(tmp_path), "--layer", "1"]
    assert run_command_line(words) == 0
    said = f"words give {shares[1].mean():.0%} of their weight to the picture"
    assert said in " ".join(capsys.readouterr().out.split())
    assert run_command_line([*words, "--query", "cat"]) == 0
    shown = capsys.readouterr().out
    assert f"{shares[1][1]:.0%} in the picture" in shown
    assert shown.index("in the picture") < shown.index(f"cat ({n + 1})")
    merged = [*words, "--query", "cat", "--merge", "words"]
    assert run_command_line(merged) == 0
    alone = attnviz.trace("a cat on", model=str(tmp_path))
    assert alone.settings.prompt_parts is None
    assert share_of_picture(alone, 0, "mean") is None


def test_parts_that_are_left_out_are_said(tmp_path):
    """SmolVLM's processor also cuts the picture into parts, unless it is told not to."""
    how = pictures.write("smolvlm", tmp_path)["processor"]
    pictures.with_words(tmp_path)
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path)}
    note = attnviz.trace("a cat", **asked).notes[-1]
    assert "do_image_splitting" in note
    file = tmp_path / "preprocessor_config.json"
    file.write_text(json.dumps(how | {"do_image_splitting": False}))
    assert "do_image_splitting" not in "".join(attnviz.trace("a cat", **asked).notes)


@pytest.mark.parametrize(("case", "masks"), [
    ("paligemma", ["prefix 13", "prefix 13"]),
    ("gemma3", ["sliding 3 or block 2 6 0", "causal or block 2 6 0"]),
])  # fmt: skip
def test_what_sees_both_ways(case, masks, tmp_path):
    """The prompt, or the picture; words that were written are seen by those after them alone."""
    pictures.write(case, tmp_path)
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path), "ids": ASKED}
    record = attnviz.trace(**asked)
    assert [str(mask) for mask in record.stack.masks] == masks
    n = len(record.stack.key_tokens)
    written = attnviz.generate(**asked, max_new_tokens=3).record.stack
    assert [str(mask) for mask in written.masks] == masks
    np.testing.assert_allclose(written.weights[0, :, :n, :n], record.stack.weights[0], atol=1e-6)
    assert not written.weights[:, :, :n, n:].any()


def test_fields_of_both_halves_may_stand_together(tmp_path):
    """As the first files of Qwen 2 VL have them, whose tower has no kind and older names."""
    pictures.write("qwen2_vl", tmp_path)
    whole = json.loads((tmp_path / "config.json").read_text("utf-8"))
    text, seen = whole.pop("text_config"), whole["vision_config"]
    del text["model_type"], seen["model_type"], seen["rope_parameters"]
    turned = text.pop("rope_parameters")
    text["rope_scaling"] = {"type": "mrope", "mrope_section": turned["mrope_section"]}
    seen["in_chans"], seen["spatial_patch_size"] = seen.pop("in_channels"), seen["patch_size"]
    flat = text | whole | {"rope_theta": turned["rope_theta"]}
    (tmp_path / "config.json").write_text(json.dumps(flat), "utf-8")
    record, wanted = attnviz.trace(**given(tmp_path, "qwen2_vl")), pictures.expected("qwen2_vl")
    for name, stack in record.stacks.items():
        np.testing.assert_allclose(stack.weights, wanted[f"{name}/weights"], atol=1e-5)


def test_the_marks_around_a_picture(tmp_path):
    """Where the tokenizer knows them a picture stands as the library's processor writes it."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    pictures.write("smolvlm", tmp_path)
    words = ["<unk>", "<pad>", "</s>", "a", "cat", "<fake_token_around_image>", "<global-img>"]
    numbers = {word: i for i, word in enumerate(words)} | {"<image>": 29}
    tokenizer = Tokenizer(models.WordLevel(numbers, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([*words[5:], "<image>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    opened, image = load_writer(str(tmp_path)), tmp_path / "picture.png"
    for text in ("a cat", "<image> a cat"):
        ids = opened.prepare(Inputs(text=text, image=image)).text.ids
        assert ids.tolist() == [5, 6, 29, 29, 29, 29, 5, 3, 4]
    ids = opened.prepare(Inputs(text="a <image> cat", image=image)).text.ids
    assert ids.tolist() == [3, 5, 6, 29, 29, 29, 29, 5, 4]
    assert opened.prepare(Inputs(text="a cat")).text.ids.tolist() == [3, 4]


def test_a_chat_about_a_picture(tmp_path):
    """The folder's template says where the picture stands, and its marks are put there once."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    pictures.write("qwen3_vl", tmp_path)
    marks = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>"]
    numbers = {word: i for i, word in enumerate(["<unk>", "a", "cat", "user", *marks])}
    numbers["<|image_pad|>"] = 29
    tokenizer = Tokenizer(models.WordLevel(numbers, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([*marks, "<|image_pad|>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "chat_template.jinja").write_text(
        "{% for m in messages %}<|im_start|>{{ m.role }} {% for part in m.content %}"
        "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
        "{% else %}{{ part.text }}{% endif %}{% endfor %}<|im_end|>{% endfor %}"
    )
    asked = {"image": tmp_path / "picture.png", "model": str(tmp_path), "max_new_tokens": 2}
    found = attnviz.generate("a cat", chat=True, **asked)
    assert found.prompt.ids.tolist() == [4, 3, 6, *[29] * 6, 7, 1, 2, 5]
    assert found.prompt_parts == {"before": (0, 3), "image": (3, 9), "prompt": (9, 13)}
    plain = attnviz.generate("a cat", **asked)
    assert plain.prompt.ids.tolist() == [6, *[29] * 6, 7, 1, 2]


def test_the_prompt_of_paligemma(tmp_path):
    """The picture, the start, the text, a line's end; the tokenizer's own start is left out."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    pictures.write("paligemma", tmp_path)
    words = ["<unk>", "<pad>", "<bos>", "a", "cat", "\n"]
    numbers = {word: i for i, word in enumerate(words)} | {"<image>": 29}
    tokenizer = Tokenizer(models.WordLevel(numbers, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<bos>", "<image>", "\n"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", 2)]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    opened, image = load_writer(str(tmp_path)), tmp_path / "picture.png"
    ids = opened.prepare(Inputs(text="a cat", image=image)).text.ids
    assert ids.tolist() == [*[29] * 9, 2, 3, 4, 5]
    assert opened.prepare(Inputs(text="a cat")).text.ids.tolist() == [2, 3, 4]


ODD = (None, "x", -1, 0, 1.5, [], {}, 10**9, [1, 2])


@pytest.mark.slow
@pytest.mark.parametrize("case", pictures.CASES)
def test_odd_values_in_a_config_are_said_or_harmless(case, tmp_path):
    """Each field of a config in turn: no other error than one that says what is wrong."""
    config = pictures.write(case, tmp_path)["config"]
    file = tmp_path / "config.json"
    for path in fields_of(config):
        for odd in ODD:
            changed = json.loads(json.dumps(config))
            inner = changed
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = odd
            file.write_text(json.dumps(changed))
            with suppress(AttnvizError):
                attnviz.trace(**given(tmp_path, case))


def fields_of(config, path=()):
    for name, value in config.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from fields_of(value, (*path, name))


@pytest.mark.parametrize("command", [["run"], ["predict"], ["heads"]])
@pytest.mark.parametrize("option", ["--image", "--image=a.png"])
def test_two_pictures_where_one_is_read(command, option, tmp_path, capsys):
    pictures.write("clip", tmp_path)
    picture = str(tmp_path / "picture.png")
    second = [option, picture] if option == "--image" else [option]
    asked = [*command, "--image", picture, *second, "--model", str(tmp_path)]
    assert run_command_line(asked) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--image was given twice" in told.err

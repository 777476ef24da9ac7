"""English: the sentences, and how things are counted."""

from __future__ import annotations

from attnviz.language.language import Example, Language

NOUNS = {
    "token": ("token", "tokens"),
    "head": ("head", "heads"),
    "layer": ("layer", "layers"),
    "score": ("score", "scores"),
    "word": ("word", "words"),
    "time": ("time", "times"),
    "key": ("key", "keys"),
}


def count(number: float, noun: str) -> str:
    """ "1 token", "2 tokens", "2.4 tokens"."""
    one, many = NOUNS[noun]
    return f"{number:,} {one if number == 1 else many}"


SENTENCES = {
    # What attention is
    "concept.attention": (
        "Attention is a way for the model to look at the parts of the input that matter most."
    ),
    "concept.relevance": (
        "Each token measures how relevant the other tokens are to it, and gives them weights."
    ),
    "concept.query": "Query: what this token is looking for.",
    "concept.key": "Key: what each token has to offer.",
    "concept.value": "Value: the information that is passed on.",
    "step.score": (
        "A score says how close a query and a key are: it is the dot product of the two vectors."
    ),
    "step.scale": "Each score is divided by {scale_expr} so that the scores do not get too big.",
    "step.softmax": (
        "Softmax turns the scores into weights: each weight is between 0 and 1, and every row "
        "sums to 1."
    ),
    "step.sum": "Weights are multiplied with values and added up: that is the output of the token.",
    "step.multihead": (
        "Multi-head: {n_heads} work at the same time, and each head can look for a different "
        "relation."
    ),
    "type.self": (
        "Self-attention: every token looks at the tokens of the same sentence, itself included."
    ),
    "type.causal": (
        "Causal attention (with a mask): a token looks only at itself and at the tokens "
        "before it; what comes later is hidden."
    ),
    "type.cross": (
        "Cross-attention: the queries come from one text, the keys and values from another; "
        "each target token looks at the source tokens."
    ),
    "type.local": (
        "Local attention: each token looks only at the tokens near it: {n_tokens} on each side."
    ),
    "type.global": (
        "Global attention: the chosen tokens look at all tokens, and all tokens look at them. "
        "Chosen: {tokens}."
    ),
    # How to read a heatmap
    "heatmap.read": (
        "How to read the heatmap: each row is a query (the token that looks), each column is "
        "a key (the token that is looked at)."
    ),
    "heatmap.color": "A brighter colour means a bigger weight.",
    "heatmap.rowsum": "Every row sums to 1 ({pct}).",
    "heatmap.mean": (
        "This picture is the average of {n_heads}; one head on its own can look different."
    ),
    "limit.explain": (
        "Careful: attention weights show where the model looks, not why it decides. A big "
        "weight is not proof that a token matters."
    ),
    "limit.demo": (
        "These weights come from a small demo model with random values: they show how the "
        "calculation works, not what a trained model learned."
    ),
    "limit.units": (
        "Weights of tokens are added up here: where there are more tokens, the weight is bigger."
    ),
    "limit.constructed": (
        "These heads are constructed, not trained: each has matrices made to look at one "
        "known thing."
    ),
    # What the weights of one query show
    "find.aside": "{pct} of the weight goes to {tokens}: it is left out here.",
    "find.first": '"{query}" looks at "{key}" first: {pct}, out of the {left} that is left.',
    "find.top": 'The token "{query}" puts {pct} of its weight on "{key}".',
    "find.self": 'The token "{query}" keeps {pct} of its weight for itself.',
    "find.topk": 'Biggest weights of "{query}": {items}.',
    "find.tie": 'The token "{query}" gives the same weight to {tokens} ({pct} each).',
    "find.flat": 'No key stands out for "{query}": the biggest weight is only {pct}.',
    "find.focus": (
        'The most concentrated token is "{query}" (entropy {entropy}); the most spread out is '
        '"{other}" (entropy {other_entropy}).'
    ),
    "find.received": 'The token "{key}" receives the most weight: {pct} on average.',
    "unit.top": '"{query}" puts {pct} of its weight on "{key}".',
    "unit.topk": 'Biggest weights of "{query}": {items}.',
    "unit.self": '"{query}" keeps {pct} of its weight for itself.',
    # What heads look at
    "head.prev": "In head {head}, tokens mostly look at the token before them ({pct} on average).",
    "head.next": "In head {head}, tokens mostly look at the token after them ({pct} on average).",
    "head.self": "In head {head}, tokens mostly look at themselves ({pct} on average).",
    "head.sink": (
        'In head {head}, {pct} of the weight goes to the first token "{token}". This is '
        'called an "attention sink": the model puts there the weight it does not need.'
    ),
    "head.flat": (
        "Head {head} spreads its weight almost equally over all tokens (entropy {entropy} of "
        "{max_entropy})."
    ),
    "head.sharp": (
        "Head {head} is concentrated: the biggest weight in each row is {pct} on average "
        "(entropy {entropy} of {max_entropy})."
    ),
    "head.alike": (
        "Heads {a} and {b} are the most alike (similarity {sim}); heads {c} and {d} are the "
        "most different."
    ),
    "spread.entropy": (
        "Entropy says how spread out the weights are: 0 means everything on one token, "
        "{max_entropy} means equal over {n_tokens}."
    ),
    "dist.mean": "Average distance between query and key: {distance} tokens.",
    "dist.near": (
        "{pct} of the weight stays near the query ({n_tokens} or less); the rest goes far."
    ),
    # What a type of attention costs and shows
    "cost.local": (
        "Local attention with window {window} computes {done} of {total_scores}: {pct} fewer."
    ),
    "cost.global": "Global tokens add {extra_scores}: {done} of {total_scores} in total.",
    "cost.full": (
        "Full attention computes n × n scores: {n_tokens} give {total_scores}. If the text "
        "doubles, the work is multiplied by 4."
    ),
    "cost.mask": "The mask hides {masked} of {total_scores} (what comes later).",
    "cost.memory": "The weights take {memory} of memory.",
    "causal.first": 'The first token "{token}" looks only at itself, so its weight is {pct}.',
    "cross.align": 'In the target, "{query}" is linked with "{key}" in the source ({pct}).',
    "cross.sharp": (
        "{k} of {n_tokens} in the target look mostly at one source token (more than {threshold})."
    ),
    "cross.sharp.one": (
        "{k} of {n_tokens} in the target looks mostly at one source token (more than {threshold})."
    ),
    # While a model runs
    "run.shape": "{n_tokens}, {n_layers}, {n_heads} in each layer.",
    "run.split": 'The word "{word}" was split into {n_tokens}: {tokens}.',
    "run.computing": "Computing attention…",
    "run.loading": "Loading the tokenizer…",
    "run.drawing": "Drawing the heatmap…",
    "run.done": "Done in {time}.",
    "run.saved": "File saved: {path}",
    "warn.glyph": "The font does not have these characters: {chars}. They will look like boxes.",
    "warn.rtl": "This terminal may not show Arabic script well: use {option} or save an HTML file.",
    "warn.unused": "{option} has no effect on {type} attention.",
    # What the user can put right
    "err.not_found": "File not found: {path}. Check the path and try again.",
    "err.empty": "The text is empty. Write at least one word.",
    "err.too_long": (
        "The text is too long: {n_tokens}, and the limit is {limit_tokens}. Shorten it or use "
        "{option}."
    ),
    "err.choice": '"{value}" is not valid for {option}. Choose one of: {choices}.',
    "err.range": "{what} {value} does not exist: choose a number from {min} to {max}.",
    "err.no_token": 'The token "{token}" is not in the text.',
    "err.exists": "{path} already exists. Add {option} to replace it.",
    "err.write": "Cannot write {path}: {reason}",
    "err.needs": "This needs {package}. Install it with: {command}",
    "err.lang": 'The language "{value}" is not available. Choose one of: {choices}.',
    "err.other": "Something went wrong: {reason}",
    "err.empty_source": "The source is empty. Write at least one word.",
    "err.twice": 'The token "{token}" is in the text {n_times}. Choose one: {choices}.',
    # Titles, notes and labels of every view
    "ui.constructed": "{n_heads}, built-in (constructed, not trained)",
    "ui.random": "{n_heads}, random (never trained)",
    "ui.given": "{n_heads}, weights as given",
    "ui.trained": "{n_heads} of {model}",
    "ui.replaces": "what if: in place of its own {type} attention",
    "ui.shared": "keys and values shared: {n}",
    "ui.truncated": "cut to {n_tokens}",
    "ui.values": "weights × length of values, each row to 100%",
    "ui.contributions": "contributions (ALTI): shares of words through the layers",
    "ui.rollout": "rollout: mean of heads, half residual",
    "ui.flow": "flow: mean of heads, half residual",
    "ui.sentences": "sentences: keys added, queries averaged",
    "ui.lines": "lines: keys added, queries averaged",
    "ui.hidden": "special tokens hidden, {pct} of the weight with them",
    "ui.sink": '{pct} goes to "{key}": scaled without it',
    "ui.scale": "{value} scale",
    "ui.second": "{mark} = second text",
    "ui.mean": "mean of {n}",
    "ui.strongest": "strongest",
    "ui.nothing": "nothing",
    "ui.query": "query: the token that looks",
    "ui.key": "key: the token that is looked at",
    "unit.query": "query: what looks",
    "unit.key": "key: what is looked at",
    "ui.scores": "{done} of {total_scores}",
    "ui.saved": "{pct} fewer",
    "ui.streamed": "streamed: exact, not kept",
    "ui.text": "text",
    "ui.bright": "bright = sharp",
    "ui.keys_of": 'strongest keys of "{query}"',
    "ui.no_model": (
        "This is a saved record, and no model is at hand: give the text itself to change it."
    ),
    "ui.one_type": "Between two texts there is only cross-attention: no other type to go to.",
    "ui.rowsum": "each row sums to {pct}",
    "ui.rowsums": "rows sum to {low} … {high}",
    "ui.masked": "dot = masked",
    "ui.arcs": "each query and the other key it looks at most",
    "ui.grey": "grey = masked",
    "ui.cells": "each cell the mean of up to {rows} × {columns} weights",
    "ui.kept": "streamed: the {k} strongest keys of each query",
    "ui.part": "rows {rows}, columns {columns} of {down} × {across} tokens",
    "ui.far": "strongest links far apart",
    "ui.apart": "{far} tokens apart",
    "ui.none_far": "no link between tokens far apart",
    "ui.own_scale": "each head on its own scale, bright = its largest weight",
    "ui.image_heads": "{query} looks: bright = much weight, each picture on its own scale",
    "ui.image_words": "where each word looks, each on its own scale; even = it says nothing here",
    "ui.image_even": "even",
    "ui.image_query": "{query} looks at",
    "ui.image_hints": "--query r3c7 lets another patch look · --head 0 shows one head · -o map.png",
    "ui.hints": "-o map.png saves a picture · --head 0 shows one head · --show top, arcs, grid",
    "ui.timeline": (
        "one row per written token: its probability, and what the model looked at to choose it"
    ),
    "ui.looks_at": "looks at",
    "ui.block.sink": "sink",
    "ui.block.system": "system",
    "ui.block.prompt": "prompt",
    "ui.block.written": "written",
    "ui.block.source": "source",
    "ui.block.special": "special",
    "ui.align.heads": "the heads that align most clearly: {places}",
    "ui.align.all": "mean of all heads of all layers",
    "ui.aligned": "each row sums to 100%; {pct} of the attention rests elsewhere",
    "ui.asks": "where the question looks in the passage, in the last layer",
    "ui.predict.next": "what {model} says comes next",
    "ui.predict.mask": "what {model} puts in place of [MASK]",
    "ui.predict.class": "the class that {model} gives the text",
    "ui.predict.token_class": "the class that {model} gives each token",
    "ui.predict.answer": "where {model} finds the answer",
    "ui.predict.asked": 'log-probability of "{token}": {value} ({reason})',
    "ui.findings": "What the weights show",
    "ui.unexplained": "No weight here stands out enough to be worth a sentence.",
    "ui.worth": "worth a look: the surest of each kind first",
    "ui.by_largest": "by {what}, largest first",
    "ui.by_smallest": "by {what}, smallest first",
    "ui.sure": "sure = share of the weight, first and special tokens set aside",
    "ui.sharp": "sharp",
    "ui.even": "even",
    "ui.more_heads": "{n_heads} more: {option}",
    "ui.more_layers": "{n_layers} more: {option}",
    "ui.wider": "{n_heads} more on a wider screen",
    "ui.not_kept": "streamed, so these were not kept: {what}",
    "ui.where_not_why": "where a head looks is not why the model decides",
    "ui.csv_streamed": (
        "The weights were streamed: the table holds the strongest keys of each query."
    ),
    "ui.more_keys": "{n_keys} more, with smaller weights",
    "ui.places": "({k} of {n} numbers: places {places})",
    "ui.masked_keys": "{n} of {total} keys are masked",
    "ui.rounded": (
        "Worked out from the rounded numbers shown; the weights of the program itself differ "
        "by at most {difference}."
    ),
    # The cost of longer texts
    "ui.cost": "what attention costs",
    "ui.cost_heads": "{n_heads} of {n} numbers",
    "ui.cost_kept": "run here with all weights kept",
    "ui.cost_streamed": "run here with weights streamed",
    "ui.cost_unrun": "counted, not run",
    "ui.cost_scores": "scores of one head",
    "ui.cost_work": "multiply-adds",
    "ui.cost_time": "time here",
    "ui.cost_memory": "memory",
    "ui.cost_whole": "all weights",
    "ui.cost_tokens": "tokens",
    "ui.cost_growth": "growth",
    "ui.cost_count": "counted",
    "ui.cost_here": "time here",
    "ui.cost_over": "over tokens",
    "ui.cost_power": (
        "Growth 2 means: twice the tokens, four times the cost; 1 means twice. It is the slope by "
        "least squares over the longer lengths."
    ),
    "ui.cost_counted": (
        "Scores are of one head in every layer, counted from the mask; all else is of all heads."
    ),
    "ui.cost_quickest": ("Time: the quickest of a few runs on this machine, after one to warm up."),
    "ui.cost_meet": "+ = several",
    "ui.cost_square": (
        "Weights that are kept take n × n numbers whatever the mask hides; to hand out that memory "
        "takes time too."
    ),
    "ui.cost_beside": (
        "Beside a name: its growth. Memory: of all weights, and of each type streamed."
    ),
    "ui.cost_dashed": "Dashed: the time, were it to grow as the count does.",
    "ui.cost_too_long": "Not run, it would take too long: {what}. More time: {option}.",
    "ui.cost_too_large": "Not run, it does not fit the memory: {what}.",
    "ui.cost_crossing": (
        "From {n_tokens} on, attention takes more multiply-adds than the rest of the model."
    ),
    "ui.cost_beyond": "The model has positions for {n_tokens}.",
    "ui.cost_never": (
        "Up to {n_tokens}, attention takes fewer multiply-adds than the rest of the model."
    ),
    "ui.cost_rest": (
        "The rest: {value} multiply-adds for each token in the linear layers, without the head "
        "that guesses words."
    ),
    # Keys of the explorer, in a word and in a line
    "key.query": "query",
    "key.head": "head",
    "key.layer": "layer",
    "key.edit": "edit",
    "key.explain": "explain",
    "key.search": "search",
    "key.type": "type",
    "key.scale": "scale",
    "key.language": "language",
    "key.pin": "pin",
    "key.near": "closer",
    "key.merge": "words",
    "key.save": "save",
    "key.help": "help",
    "key.quit": "quit",
    "help.query": "the token that looks: the one before, the one after; ↑ ↓ Home End PgUp PgDn",
    "help.head": "the head before, the head after, and the mean of all; also Tab",
    "help.layer": "the layer after, the layer before",
    "help.edit": "write in the text: the weights follow; Esc ends",
    "help.explain": "what the weights show, in words",
    "help.search": "find a token by its name; n and N: the next, the one before",
    "help.type": "another type of attention: computed anew",
    "help.scale": "what is bright: auto, linear, log, rank, no-sink",
    "help.language": "English, Darija in Latin letters, Darija in Arabic letters",
    "help.pin": "keep this query in sight, or no longer",
    "help.near": "single tokens around the query, or the whole text",
    "help.merge": "words in place of their pieces",
    "help.save": "write a file; the suffix chooses: {choices}",
    "help.help": "this list",
    "help.quit": "leave; so does Ctrl-C",
    "help.mouse": "the mouse: click a token, a cell or a head; the wheel moves the query",
    # The lesson
    "lesson.scores.example": (
        'Here the query "{query}" meets every key; numbers that are not shown are added up in '
        '"others".'
    ),
    "lesson.scaling.without": (
        "Without the division the largest weight would be {without}; with it, it is {pct}. "
        "Scaling keeps softmax from deciding too early."
    ),
    "lesson.merge": (
        "The outputs of {n_heads} stand side by side and a matrix W_O turns them into one vector."
    ),
    "lesson.translation": (
        "Translation: each word of the translation looks at the words of the source "
        "(cross-attention)."
    ),
    "lesson.summarisation": (
        "Summarisation: the summary looks at the parts of the text that matter most."
    ),
    "lesson.answering": "Question answering: the question looks for its answer in the passage.",
    "lesson.captioning": (
        "Image captioning: each word of the caption looks at a part of the picture; the keys "
        "are patches of the picture instead of words."
    ),
    "lesson.speech": (
        "Speech: each word that is written down looks at a moment of the sound; the keys are "
        "slices of sound."
    ),
    "lesson.strength.far": (
        "A token can look at any other token in one step, however far away it is."
    ),
    "lesson.strength.parallel": (
        "All tokens are computed at the same time: nothing waits for the word before."
    ),
    "lesson.strength.heads": (
        "Several heads look for several relations at once, and the weights can be seen."
    ),
    # The page
    "page.heads": "All heads",
    "page.heatmap": "Heatmap",
    "page.links": "Lines",
    "page.text": "Text",
    "page.table": "Table",
    "page.views": "Views",
    "page.stack": "Part of the model",
    "page.layer": "Layer",
    "page.head": "Head",
    "page.mean": "mean of {n}",
    "page.measure": "What",
    "page.scale": "Scale",
    "page.merge": "Join",
    "page.tokens": "tokens as they are",
    "page.words": "words",
    "page.sentences": "sentences",
    "page.lines": "lines",
    "page.special": "Hide special tokens",
    "page.language": "Language",
    "page.theme": "Light or dark",
    "page.system": "as the system",
    "page.light": "light",
    "page.dark": "dark",
    "page.looks": '"{query}" looks at',
    "page.looked": 'Who looks at "{key}"',
    "page.sum": "sum of the row {pct}",
    "page.hint": "Point at a token to see where it looks; click or press Enter to pin it.",
    "page.pin": "pin",
    "page.let_go": "let go",
    "page.pinned": "pinned",
    "page.masked": "masked",
    "page.move": "other queries and keys",
    "page.zoom_in": "Closer",
    "page.zoom_out": "Farther",
    "page.whole": "Everything",
    "page.keyboard": "Keyboard",
    "page.about": "About the numbers",
    "page.part": "tokens {min} to {max} of {n}",
    "page.error": (
        "Drawn from weights of {n} bits: each is within {difference} of the recorded one "
        "(weights go from 0 to 1)."
    ),
    "page.kept": "The map is pooled; of every query the strongest keys are kept one by one: {n}.",
    "page.not_kept": "not kept",
    "page.blank": "blank = not kept",
    "page.blank_or_masked": "blank = not kept, or masked",
    "page.strongest": "Every query with its strongest keys",
    "page.old": (
        "This browser cannot unpack the numbers of the page: open it in one from 2023 or newer."
    ),
    "page.noscript": "This page draws with JavaScript, which is switched off here.",
}

ENGLISH = Language(
    tag="en",
    name="English",
    sentences=SENTENCES,
    count=count,
    comma=", ",
    quotes=('"', '"'),
    less_than_one="less than 1%",
    example=Example(
        text="The cat sat on the mat",
        query="cat",
        target="The cat drinks milk.",
        source="Milk is what the cat likes.",
        global_token="cat",
    ),
)

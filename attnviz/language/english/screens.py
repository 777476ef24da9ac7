"""What commands and views say around numbers, in English."""

SENTENCES = {
    # While a model runs
    "run.computing": "Computing attention…",
    "run.saved": "File saved: {path} ({value})",
    "warn.glyph": "The font does not have these characters: {chars}. They will look like boxes.",
    "warn.rtl": "This terminal may not show Arabic script well: use {option} or save an HTML file.",
    "warn.unused": "{option} has no effect on {type}.",
    # What a record was made with
    "made.command": "Made with attnviz {version}: {command}",
    "made.revision": "Weights of {model}: revision {revision}",
    "made.sha256": "Weights of {model}: {file}, sha-256 {value}",
    "made.bytes": "Weights of {model}: {file}, {value} bytes",
    "warn.no_picture": "No picture is written: {option} has no effect.",
    # Titles, notes and labels of every view
    "ui.constructed": "{n_heads}, built-in (constructed, not trained)",
    "ui.random": "{n_heads}, random (never trained)",
    "ui.given": "{n_heads}, weights as given",
    "ui.trained": "{n_heads} of {model}",
    "ui.replaces": "what if: instead of the model's own {type}",
    "ui.shared": "keys and values shared: {n}",
    "experts.title": "{model} · layer {layer} · each token passes {n} of {n_experts} experts",
    "experts.used": "tokens of each expert: {used}",
    "ui.gaps": "{n_layers} with attention: {places}",
    "ui.learned_sinks": "{pct} of all weight goes to learned sinks",
    "ui.learned_sink": "learned sink",
    "ui.truncated": "cut to {n_tokens}",
    "ui.values": "weights × length of values, each row to 100%",
    "ui.contributions": "contributions (ALTI): shares of words through the layers",
    "ui.rollout": "rollout: mean of heads, half residual",
    "ui.flow": "flow: mean of heads, half residual",
    "ui.sentences": "sentences: keys added, queries averaged",
    "ui.lines": "lines: keys added, queries averaged",
    "ui.hidden": "special tokens hidden ({pct} of the weight)",
    "ui.sink": '{pct} goes to "{key}": scaled without it',
    "ui.scale": "{value} scale",
    "ui.second": "{mark} = second text",
    "ui.mean": "mean of {n}",
    "ui.strongest": "strongest",
    "ui.nothing": "nothing",
    "ui.query": "query: the token that looks",
    "ui.key": "key: the token that is looked at",
    "ui.scores": "{done} of {total_scores}",
    "ui.saved": "{pct} fewer",
    "ui.streamed": "streamed: computed exactly, weights not kept",
    "ui.text": "text",
    "ui.bright": "bright = sharp",
    "ui.keys_of": 'strongest keys of "{query}"',
    "ui.no_writer": "This model writes no text: open one that does, as --model smollm2.",
    "ui.no_model": "A saved record has no model to run. Start from the text to change it.",
    "ui.one_type": "With two texts, only cross-attention is possible.",
    "ui.rowsum": "rows sum to {pct}",
    "ui.rowsums": "rows sum to {low} … {high}",
    "ui.masked": "dot = masked",
    "ui.arcs": "for each query, the key it looks at most (other than itself)",
    "ui.grey": "grey = masked",
    "ui.cells": "each cell is the mean of up to {rows} × {columns} weights",
    "ui.kept": "streamed: the {k} strongest keys of each query",
    "ui.part": "rows {rows}, columns {columns} of {down} × {across} tokens",
    "ui.far": "strongest links far apart",
    "ui.apart": "{far} apart",
    "ui.none_far": "no link between tokens far apart",
    "ui.own_scale": "each head on its own scale, bright = its largest weight",
    "ui.sound_heads": "{query} listens: bright = much weight, each line on its own scale",
    "ui.sound_words": "where each word listens, each on its own scale; even = it says nothing here",
    "ui.sound_lined": "lined up by length, pauses and onsets: nothing was recognised",
    "ui.sound_beyond": "{pct} of the weight lies beyond the end of the sound",
    "ui.sound_hints": (
        "--query 0.44s lets another moment listen · --head 0 shows one head · -o map.png"
    ),
    "ui.sound_end": "the sound ends",
    "ui.sound_path": (
        "● the path that gives words their times · right of ┃: beyond the end of the sound"
    ),
    "ui.sound_cells": "each cell {rows} × {columns} seconds",
    "ui.sound_time": "seconds",
    "ui.said": "{model} · what was said and where each word looked",
    "ui.said_spans": (
        "word times by the heads that align: where the model looked, no measurement of the sound"
    ),
    "ui.said_letters": "word times by the frames that say letters; lines: where these frames look",
    "ui.said_rate": "{value} s of sound in {time}",
    "ui.said_more": "{value} more windows are not drawn; -o words.csv has their words",
    "ui.said_nothing": "nothing was written down",
    "ui.caption": "where {model} looked when it chose each word; bright = much weight",
    "ui.caption_words": "words",
    "ui.image_heads": "{query} looks: bright = much weight, each picture on its own scale",
    "ui.image_words": "where each word looks, each on its own scale; even = it says nothing here",
    "ui.image_among": "words give {pct} of their weight to the picture",
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
    "ui.block.before": "before",
    "ui.block.image": "image",
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
    "ui.predict.class": "the class that {model} gives",
    "ui.predict.token_class": "the class that {model} gives each token",
    "ui.predict.answer": "where {model} finds the answer",
    "ui.predict.similarity": "how well texts fit the picture, says {model}",
    "ui.predict.asked": 'log-probability of "{token}": {value} ({reason})',
    "ui.findings": "What the weights show",
    "ui.unexplained": "No weight stands out here.",
    "ui.worth": "worth a look: the surest head of each kind",
    "ui.by_largest": "by {what}, largest first",
    "ui.by_smallest": "by {what}, smallest first",
    "ui.sure": "sure = share of the weight, not counting the first and the special tokens",
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
        "Computed from the rounded numbers above; the program's own weights differ by at most "
        "{difference}."
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
        "Scores: one head in each layer, counted from the mask. All other numbers: all heads."
    ),
    "ui.cost_quickest": (
        "Time: the fastest of several runs on this machine, after one warm-up run."
    ),
    "ui.cost_meet": "+ = lines meet",
    "ui.cost_square": (
        "Kept weights take n × n numbers, whatever the mask hides; reserving that memory takes "
        "time too."
    ),
    "ui.cost_beside": ("After each name: its growth. Memory: with all weights kept, and streamed."),
    "ui.cost_dashed": "Dashed: the time if it grew like the count.",
    "ui.cost_too_long": (
        "Not run, to stay within the time limit: {what}. For more time use {option}."
    ),
    "ui.cost_too_large": "Not run, it does not fit in memory: {what}.",
    "ui.cost_crossing": (
        "From {n_tokens} on, attention takes more multiply-adds than the rest of the model."
    ),
    "ui.cost_beyond": "The model has positions for {n_tokens}.",
    "ui.cost_never": (
        "Up to {n_tokens}, attention takes fewer multiply-adds than the rest of the model."
    ),
    "ui.cost_rest": (
        "The rest: {value} multiply-adds for each token in the linear layers, without the "
        "output layer that predicts words."
    ),
}

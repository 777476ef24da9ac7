"""What the user can put right of runs, measures and pictures, in English."""

SENTENCES = {
    "err.text_several": "A text and several texts were given. Give one of them.",
    "err.no_text_check": "There is no text to check. Give at least one.",
    "err.text_can": "The text has {n_tokens} that can be hidden. Give at least {least_tokens}.",
    "err.hiding_every": (
        "Hiding every token does not change this answer: there is nothing to rank. Choose "
        "another text or another `answer`."
    ),
    "err.weights_so": "The weights of so long a text are streamed. Check a shorter text.",
    "err.model_reads": "The model reads no words. Choose another measure.",
    "err.tokens_b": (
        "`a` has {rows} × {columns} tokens and `b` has {others} × {theirs}. Compare texts of "
        "as many tokens."
    ),
    "err.contributions_need": (
        "Contributions need a model with layers and norms, and {model} has none. Choose a "
        "checkpoint, or `measure` values."
    ),
    "err.contributions_among": (
        "Contributions among {n_tokens} would take too much memory. Give a text of at most "
        "{value} tokens."
    ),
    "err.contributions_follow": (
        "Contributions follow one text through plain layers, and {stack} of {model} is another "
        "kind. Choose an encoder, a decoder by itself, or `measure` values."
    ),
    "err.layers_do": (
        "The layers of {name} do more than add up what tokens give: contributions would miss "
        "it. Choose `measure` values or weights."
    ),
    "err.four_steps": (
        "The four steps are not all that this model does: it adds a bias or a cap to its "
        "scores, or has two kinds of queries. Follow a model without (the built-in heads, "
        "minilm, GPT-2, Llama …)."
    ),
    "err.two_kinds": (
        "{model} has two kinds of queries, which cannot be taken away alone. Choose another model."
    ),
    "err.no_edge": "There is no edge to cut. Name at least one as (query, key).",
    "err.nothing_stands": (
        'Nothing stands in place of heads: by="text" needs another text. Give `other`.'
    ),
    "err.gives_answers": (
        "{model} gives answers, and another text is compared with vectors. Leave `other` out, "
        'or take heads from it with `by` "text".'
    ),
    "err.text_own": (
        "The text is one of its own reference texts: its ranking would be noise. Give other "
        "reference texts."
    ),
    "err.no_reference": "There is no reference text. Give at least one.",
    "err.text_other": (
        "The text has {n_tokens} and the other {n}: {names} | {names2}. Give a text of as many "
        "tokens."
    ),
    "err.both_texts": (
        "Both texts give the same answer: there is nothing to recover. Give another text that "
        "the model answers in another way."
    ),
    "err.head_named": "A head was named twice. Name each head once.",
    "err.worker_process_kept": (
        "A worker process died, perhaps for want of memory. Start the same command again: "
        "{n_chunks} finished chunks are kept in {folder}."
    ),
    "err.worker_process_lost": (
        "A worker process died, perhaps for want of memory. Nothing is kept without a "
        "`folder`: give one, and the same command goes on in it."
    ),
    "err.scheduler_worker_kept": (
        "The scheduler or a worker was lost. Start the same command again: {n_chunks} finished "
        "chunks are kept in {folder}."
    ),
    "err.scheduler_worker_lost": (
        "The scheduler or a worker was lost. Nothing is kept without a `folder`: give one, and "
        "the same command goes on in it."
    ),
    "err.scheduler_takes": (
        "A scheduler takes Dask, which is not installed. Run: pip install 'attnviz[dask]'."
    ),
    "err.scheduler_cannot": (
        "The scheduler {scheduler} cannot be reached. Check its address, such as "
        "tcp://127.0.0.1:8786, and that it runs."
    ),
    "err.worker_attnviz": (
        "The worker {name} has attnviz {found}, and this is {version}. Install the same "
        "version everywhere."
    ),
    "err.predicts_not": (
        "{model} predicts a {kind}, and not the next token. Ask it with `attnviz predict`, or "
        "take a model that writes."
    ),
    "err.do_sample": (
        "`do_sample` is false, and `temperature`, `top_k`, `top_p` or `min_p` was given. Leave "
        "them out, or sample."
    ),
    "err.min_new": (
        "`min_new_tokens` is {min_new_tokens} and `max_new_tokens` {longest}. The first must "
        "not be larger."
    ),
    "err.predicts_only": (
        "{model} predicts a {kind}, which only its last layer gives. Choose a model that "
        "predicts tokens."
    ),
    "err.norms_every": (
        "{model} norms every sum of its layers: what a head adds to the answer would depend on "
        "all later norms. Leave `against` out, or use `effect`, which measures by taking heads "
        "away."
    ),
    "err.not_size": '"{size}" is not a size of memory. Write 500MB, 1GiB or 4096.',
    "err.take_before": (
        "{n_tokens} take {taken} before any weights, and {value} may be used. Give less to "
        "read, fewer heads, or `max_memory` {smallest}."
    ),
    "err.all_weights_take": (
        "All weights take {whole} here, and {most} may be used. Give less to read."
    ),
    "err.memory_do": (
        "{budget} of memory do not hold one row of {value} weights for each thread ({row}). "
        "The smallest that works is `max_memory` {smallest}."
    ),
    "err.what_kept": (
        "What is kept of {n_tokens} in {n_layers} of {heads} heads (map, strongest keys, "
        "measures) takes {kept}, and {budget} may be used. Give fewer heads (about {one} "
        "each), less to read, or `max_memory` {smallest}."
    ),
    "err.this_model_two": (
        "This model has two kinds of values, which cannot be weighed. Choose another."
    ),
    "err.picture_sound": "A picture and a sound were both given. Give one of them.",
    "err.own_number": (
        "{model} has its own number of heads. Leave `heads` out: all of them are recorded."
    ),
    "err.no_cross": "{whose} has no cross-attention. Leave `type` out.",
    "err.cross_attention_looks": (
        "Cross-attention looks from one text at another, and there is no source. Give a `source`."
    ),
    "err.source_cross": (
        "A source is for cross-attention, and the type is {kind}. Make `type` cross, or leave "
        "`source` out."
    ),
    "err.no_global": "No global token was chosen. Name positions or words of the text.",
    "err.k_must": "`k` is {value}. It must be a whole number from 1.",
    "err.does_not_apply_compares": (
        "`{name}` does not apply to {model}, which compares texts with a picture. Leave it out."
    ),
    "err.finds_answer": (
        "{model} finds an answer in a passage, and there is none. Give the question as the "
        "text and the passage as `pair`."
    ),
    "err.predicts": "{model} predicts a {kind}. It has no chat.",
    "err.no_mask": (
        "There is no [MASK] in the text. Write [MASK] for a word, or name places with `at`."
    ),
    "err.answer_empty": "The answer is empty. Write at least one word.",
    "err.not_class": '"{answer}" is not a class of {model}. It has: {names}.',
    "err.cut_into": (
        '"{answer}" is cut into {n_tokens}, and there are {n} masked places. Write as many '
        "[MASK] as the answer has tokens."
    ),
    "err.not_claim": (
        '"{claim}" is not a claim about a head. Write layer.head and a pattern, such as "5.3 '
        'induction".'
    ),
    "err.takes_too": (
        "{model} takes too few tokens, or knows too few, to probe it. Choose a model that "
        "takes {value} tokens and more."
    ),
    "err.fewer_than": "There are fewer than two texts. Give two or more, one a line.",
    "err.no_prediction": (
        "{model} has no prediction head: it gives vectors, not answers. Leave `answer` out."
    ),
    "err.no_mask_text": "There is no [MASK] in the text. Write [MASK] for one word of it.",
    "err.not_class_has": '"{name}" is not a class of {model}. It has: {names}.',
    "err.no_token_this": '"{name}" is not a token of this model. Give a word that it knows.',
    "err.this_model_answer": (
        '"{name}" is {n_tokens} of this model. Give an answer that is one token.'
    ),
    "err.weights_heads": (
        "{rows} × {columns} weights in {value} heads take {needed}, and {most} may be used. "
        "Ask for a smaller part (`rows`, `columns`), larger units, or fewer heads."
    ),
    "err.compares_texts": (
        "{model} compares texts with a picture, and there is no {missing}. Give a text (or "
        "several, one a line) and an `image`."
    ),
    "err.workers": "workers is {workers}. It must be 1 or more.",
    "err.workers_open": "Workers open the model themselves. Give its name or its folder.",
    "err.no_text_survey": "There is no text to survey. Give at least one line that is not empty.",
    "err.none_could": "None of {n_texts} could be run; {place}: {reason}",
    "err.cannot_use": "Cannot use the folder {place}: {reason}.",
    "err.holds_another": (
        "{place} holds another survey: other texts, another model or other options. Name "
        "another folder, or delete this one."
    ),
    "err.broken_delete": "{place} is broken. Delete it: its texts are run again.",
    "err.texts_changed": "The texts have changed since {place} was written. Name another folder.",
    "err.reads_pictures": (
        "{model} ({family}) reads pictures or sounds, whose size is its own. Costs are counted "
        "over lengths of texts: leave `model` out, or give one of texts."
    ),
    "err.texts_stands": "`texts` stands alone. Leave `text` and `progress` out.",
    "err.contributions_follow_text": (
        "Contributions follow one text whose weights are kept. Choose a stack of "
        "self-attention, or give a shorter text."
    ),
    "err.weights_so_long": (
        "The weights of so long a text are streamed, and nothing can be kept beside them. "
        "Trace a shorter text, or give it more `max_memory`."
    ),
    "err.does_not_say_tokens": (
        "{model} does not say which of its tokens are timestamps (no_timestamps_token_id). "
        "Leave `timestamps` out, or give the generation_config.json that it was saved with."
    ),
    "err.says_letters": (
        "{model} says letters for frames: it knows one language, and translates nothing. Leave "
        "`language`, `task` and `timestamps` out."
    ),
    "err.does_not_write": (
        "{model} ({family}) does not write down what it hears. Choose a checkpoint that does, "
        "such as Whisper."
    ),
    "err.no_head": "{model} has no head for words. Choose another checkpoint.",
    "err.no_window": "There is no window {window}. They go from 0 to {value}.",
    "err.changed_adapter": (
        "{model} is changed by an adapter, and only whole checkpoints are compared. Compare "
        "the checkpoint alone."
    ),
    "err.transformers_cannot": (
        "transformers cannot open {place}: {first} Quantised weights and GGUF files need "
        "further libraries there."
    ),
    "err.table_weights": (
        "A table of weights holds texts of up to {cells} tokens. Write .json or a picture."
    ),
    "err.figure_size": "`figure` and `size` both say how wide. Give one of them.",
    "err.not_size_write": (
        '"{size}" is not a size. Write a width such as 3.3in, 84mm or 240pt, or both sides: '
        "84mm x 60mm."
    ),
    "err.must_from_must": "{name} is {value} {unit}. It must be from {least} to {most}.",
    "err.no_mean_layers": "There is no mean of layers. Show one, some (0-3), or all.",
    "err.show_layer": (
        "`show` {show} is for one layer, and `layer` {layer} means {n}. Choose one, or `show` grid."
    ),
    "err.matplotlib_cannot": (
        "matplotlib cannot be loaded: {reason}. Pictures need it: install it again."
    ),
    "err.rows_so": "The rows of so long a text were not kept. Give a shorter text.",
    "err.picture_room": (
        "A picture has room for {most_rows} rows, and these are {n_rows}. Show a part, with "
        "`rows`, or a heatmap."
    ),
    "err.picture_inches": (
        "A picture of {size} inches is too small for its text at {letters} points. What fits: "
        "{names}."
    ),
    "err.picture_numbers": (
        "A picture has room for the numbers of {side} × {side} cells, and for {most} in all: these "
        "are {n}. Show a part, with `rows` and `columns`, or leave out `annotate`."
    ),
    "err.picture_inches_dpi": (
        "A picture of {width} × {height} inches at `dpi` {dpi} is too large. What fits: `dpi` "
        "{fits}."
    ),
    "err.prompt_some": (
        "The prompt has {n_tokens} and {model} has positions for {limit}: {fit} new tokens "
        "fit. Ask for `max_new_tokens` {fit} at most."
    ),
    "err.prompt_none": (
        "The prompt has {n_tokens} and {model} has positions for {limit}: no new token fits. "
        "Give a shorter prompt."
    ),
    "err.mass": (
        '"{value}" is not a share of the weight. Give one above 0% and up to 100%: 50%, or 0.5.'
    ),
    "err.mass_picture": (
        "`mass` is for pictures, and nothing looks at one here. Give `image`, or leave it out."
    ),
}

"""What the user can put right of weights and records, in English."""

SENTENCES = {
    "err.nothing_written": "Nothing was written in this record. Take one of a written text.",
    "err.text_so": "The text is so long that its weights were streamed. Give more `max_memory`.",
    "err.nothing_align": "There is nothing to align. Write and read at least one word.",
    "err.this_record": (
        "This record's text was not written about a picture. Save the record of a caption that "
        "`attnviz caption` wrote."
    ),
    "err.stacks_other": (
        "One has the stacks {names}, the other {names2}. Compare records of the same kind of model."
    ),
    "err.streamed_record": (
        "A streamed record does not hold its weights. Trace shorter texts to compare."
    ),
    "err.weights_other": (
        "The weights of {name} are {shape} in one and {shape2} in the other. Compare records "
        "of the same layers, heads and tokens."
    ),
    "err.residual": "The residual is {residual}. It is a share, from 0 to 1.",
    "err.follows_gaps": (
        "{what} follows attention through all layers, and here some have none: tokens are mixed "
        "there in another way, which it cannot follow."
    ),
    "err.follows_tokens": (
        "{what} follows tokens from layer to layer, and here queries and keys are not the same "
        "tokens: choose a stack of self-attention, and all of it (a part of its rows and "
        "columns can be shown afterwards)."
    ),
    "err.needs_all": (
        "{what} needs all weights; for a text this long they are streamed. Give a shorter text."
    ),
    "err.flow_through": (
        "Flow through {n_layers} of {n_tokens} would take too long: the limit is {most_tokens} "
        "tokens in {most_layers} layers, or {fitting} in {n_layers}. Give a shorter text or a "
        "lower layer, or choose rollout, which has no limit."
    ),
    "err.groups_texts": (
        "There are {n} groups of texts, and two can be compared. Choose a column with two values."
    ),
    "err.surveys_heads": (
        "The surveys have {shapes} heads. Compare models with as many layers and heads."
    ),
    "err.not_survey": (
        "{place} is not a survey of attnviz ({name}: {reason}). Give a .npz file that attnviz "
        "survey wrote."
    ),
    "err.writing_parquet": (
        "Writing Parquet takes pyarrow, which is not installed. Run: pip install "
        "'attnviz[parquet]'."
    ),
    "err.this_record_no": (
        "This record has no steps: its text was given, and not written by the model. Save the "
        "record of a text that `attnviz generate` wrote."
    ),
    "err.measure_needs": (
        "`measure` {measure} needs a model, and a record has none. Give the text itself, or "
        "choose weights, rollout or flow."
    ),
    "err.columns_sum": "Rows sum to {value}, and every column to 1. {todo}",
    "err.measure_follows": (
        "`measure` {measure} follows one text through layers, and this stack has two texts. "
        "Choose a stack of self-attention, where the model has one."
    ),
    "err.shift": "The shift is {moved}. It must be less than the size, {wide}.",
    "err.must_whole": "The {what} is {value}. It must be a whole number.",
    "err.must_more": "The {what} is {value}. It must be {lowest} or more.",
    "err.give_list": "The {what}s are {values}. Give a list of whole numbers.",
    "err.unknown_mask": "Unknown mask rule {name} in the record.",
    "err.scores_too": (
        "The scores are too large for float64. Make `query`, `key`, `scale` or `bias` smaller."
    ),
    "err.mask_dtype": "mask has dtype {dtype}. Give booleans, floats or a rule.",
    "err.softcap": "The softcap is {softcap}. It must be a number above 0.",
    "err.must_number": "The {name} is {value}. It must be a number.",
    "err.not_array": "{name} is not an array of numbers: {reason}",
    "err.dtype": "{name} has dtype {dtype}. It must be real numbers.",
    "err.shape": "{name} has shape {shape}. It must be (…, heads, tokens, head_dim).",
    "err.query_head": "query has head_dim {shape} and key has {shape2}. They must be equal.",
    "err.keys_values": "There are {shape} keys and {shape2} values. Every key needs one value.",
    "err.query_heads": (
        "{heads} query heads cannot share {heads2} key heads and {heads3} value heads. The "
        "query heads must be a multiple of the key heads, with as many value heads."
    ),
    "err.query_key": (
        "query, key and value have shapes {shape}, {shape2} and {shape3}. Their leading axes "
        "must agree (enable_gqa=True lets query heads share keys)."
    ),
    "err.shape_cannot": "{name} has shape {value} and cannot stand for shape {shape}.",
    "err.document_mask": (
        "The document mask has {n} ids but position {last} was asked for. Give one document id "
        "for every token."
    ),
    "err.mask_cells": (
        "The mask has {known} × {known2} cells but {n_queries} queries and {n_keys} were asked "
        "for. Give one row for every query and one column for every key."
    ),
    "err.query_shape": "query has shape {shape}. Streaming takes (heads, tokens, head_dim).",
    "err.block_rows": "The block of rows is {block_rows}. It must be 1 or more.",
    "err.weights_values": (
        "Weights {shape}, values {shape2} and the output matrix {shape3} do not fit. Give "
        "(heads, queries, keys), (key heads, keys, size) and (heads × size, width)."
    ),
    "err.cannot_shown": "{place} cannot be shown: {why}.",
    "err.cannot_shown_pickle": (
        "{place} cannot be shown: of a pickle only tensors are read, and nothing is run. "
        "{value} Save the tensors alone with torch.save, or the arrays with numpy.savez."
    ),
    "err.weight": (
        "A weight is {what} ({array}) in {where}. Weights come after the softmax, from 0 to 1."
    ),
    "err.cross_attention": (
        "Cross-attention looks at another text, whose tokens were not given. Give them as "
        "`key_tokens`."
    ),
    "err.weights_tokens": (
        "The weights have {n} {what} tokens, and {most_tokens} are the most. Give a part of them."
    ),
    "err.tokens": "The {what} tokens are {value}. Give a list of strings.",
    "err.tokens_weights": (
        "There are {n} {what} tokens and the weights have {n2} {axis}. Give one token for each "
        "row, and `key_tokens` if the columns are other tokens."
    ),
    "err.weights_encoder": (
        "The weights are {names} of an encoder-decoder, and the type is {type}. Leave the type out."
    ),
    "err.weights_encoder_decoder": (
        "The weights are {names} of an encoder-decoder, and the encoder's tokens were not "
        "given. Give the decoder's as `tokens` and the encoder's as `key_tokens`."
    ),
    "err.weight_lies": (
        "A weight of {weights} lies in {where}, which {type} masks. Leave the type "
        "out, or look for what leaks."
    ),
    "err.no_token_seen": (
        "No token is seen by all or sees all, as global attention has it. Leave the type out."
    ),
    "err.outputs_hold": "The outputs hold attentions and decoder_attentions. Give one of the two.",
    "err.batch": "{where}: a batch of {n}. Choose one text of it, as in layer[i : i + 1].",
    "err.batch_after": (
        "{where}: a batch of {n}. After a beam search give the outputs of generate() whole: "
        "their beam_indices say which row is whose. Of several texts choose one, as in "
        "[[layer[i : i + 1] for layer in step] for step in attentions]."
    ),
    "err.layers_not": (
        "The layers are not a regular array of numbers: layer {nth} has shape {shape} and "
        "layer 0 has {shape2}. Give layers of one shape, or one of them alone."
    ),
    "err.outputs_hold_texts": (
        "The outputs hold {value} texts (beam_indices has shape {shape}). Choose one, as in "
        "{{'attentions': outputs.attentions, 'beam_indices': outputs.beam_indices[0:1]}}."
    ),
    "err.beams_steps": (
        "The beams have {n} steps and the attentions {n2}. Give both of one call of generate()."
    ),
    "err.step_layer": (
        "Step {nth}, layer {layer} has shape (1, {names}), which does not continue {value} "
        "rows. Give the attentions of generate() as they are."
    ),
    "err.attentions_their": (
        "There are {n_layers} of attentions and {n} of their global part. Give attentions and "
        "global_attentions of one output."
    ),
    "err.layer_shape": (
        "Layer {nth} has shape {shape}, {n_global} global tokens and {n} rows of such: no "
        "layout of a Longformer. Give attentions and global_attentions of one output."
    ),
    "err.layer_head": (
        '`layer` "{layer}" and `head` "{head}" are not one head. Name one, such as "2.8".'
    ),
    "err.not_layer": '"{wanted}" is not a layer. Give a number ("2", "-1") or last.',
    "err.not_head": '"{part}" is not a head. Write layer.head, such as 5.3, -1.0 or last.0-3.',
    "err.heads_not": (
        'The heads "{head}" do not all name their layer. Write each as layer.head ("5.3,2.11"), '
        "or the layer by itself."
    ),
    "err.record_attnviz": (
        "{place} is a record of attnviz and brings its own {what}. Leave the {what} out."
    ),
    "err.folder_name_file": "{place} is a folder. Name a file.",
    "err.pickle_not": (
        "{place} is a pickle, which is not opened: a pickle runs code. Save the arrays with "
        "numpy.save, numpy.savez or safetensors."
    ),
    "err.not_regular": "{place} is not a regular file. Name a file.",
    "err.empty_file": "{place} is empty. Give a {suffix} file that holds weights.",
    "err.not_record": (
        "{place} is not a record of attnviz ({name}: {reason}). Give a .npz, .json or .csv "
        "file that attnviz wrote."
    ),
    "err.record_would": (
        "The record would have {found}, and {most} are the most that are read b"
        "ack. Write a part of the text."
    ),
    "err.json_would": (
        "The JSON would have {value} numbers, and {most} are the most. Write .npz, or a part "
        "of the text."
    ),
    "err.only_special": "There are only special tokens. Show them, or give another text.",
    "err.all_weights": (
        "To {what}, all weights must be kept; for a text this long they are streamed. Give a "
        "shorter text."
    ),
    "err.not_among": (
        '"{wish}" is not among the tokens that are shown. Choose one of them, or show more.'
    ),
    "err.range_holds": (
        "The range {part} holds no token. Positions go from 0 to {value}; the end of a range "
        "is not in it."
    ),
    "err.this_record_not": 'The {name} of this record was not kept. Trace with keep=("{name}",).',
    "err.keys_asked": "{value} keys were asked for. Ask for 0 or more.",
    "err.only_strongest": "Only the {kept} strongest keys were kept of this long text.",
    "err.compares_positions": (
        '"{name}" compares positions in one text, and cross-attention has two: choose another '
        "measure."
    ),
    "err.map_size": "The map size is {max_size}. It must be 1 or more.",
    "err.table_would": (
        "The table would have {n_lines} lines, and {most_lines} are the most. Write .npz, or a "
        "part of the text."
    ),
    "err.no_cells": "{why} Give booleans (queries, keys), or strings of 0 and 1 of a length.",
    "err.row_sum": (
        "A row sums to {value}, which is more than 1, in {where} (its largest weight). {todo}"
    ),
    "err.within_one_given": (
        "{kind} is within one text, and `key_tokens` were given. Leave the type out."
    ),
    "err.within_one": (
        "{kind} is within one text, and these weights, {size}, have two. Leave the type out."
    ),
    "err.weights_none": (
        "The weights are None, not a regular array of numbers. Load the model with "
        'attn_implementation="eager" and call it with output_attentions=True.'
    ),
    "err.no_layout": (
        "The weights lie in no layout that is known ({reason}). Give (queries, keys), (heads, "
        "queries, keys) or (layers, heads, queries, keys)."
    ),
    "err.no_attentions": (
        'The outputs hold {what}no attentions. Load the model with attn_implementation="eager" '
        "and call it with output_attentions=True."
    ),
    "err.layer_none": (
        "A layer is None, not a regular array of numbers. Load the model with "
        'attn_implementation="eager" and call it with output_attentions=True.'
    ),
    "err.irregular": (
        "The weights are not a regular array of numbers ({why}). Give (queries, keys), (heads, "
        "queries, keys) or (layers, heads, queries, keys)."
    ),
    "err.shape_of_layer": (
        "Layer {nth} has shape {shape}. Give (queries, keys), (heads, queries, keys) or "
        "(layers, heads, queries, keys)."
    ),
    "err.shape_of_all": (
        "The weights have shape {shape}. Give (queries, keys), (heads, queries, keys) or "
        "(layers, heads, queries, keys)."
    ),
    "err.shape_of_none": (
        'The weights have shape {shape}. Load the model with attn_implementation="eager" and '
        "call it with output_attentions=True."
    ),
    "err.steps_differ": (
        "Step {nth} has {n_layers} and step 0 has {n}. Give (queries, keys), (heads, queries, "
        "keys) or (layers, heads, queries, keys)."
    ),
    "err.shape_somewhere": (
        "{where}. Give (queries, keys), (heads, queries, keys) or (layers, heads, queries, keys)."
    ),
    "err.shape_of_global": (
        "The global part of layer {nth} has shape {shape}. Give (queries, keys), (heads, "
        "queries, keys) or (layers, heads, queries, keys)."
    ),
    "err.in_file": "{place}: {reason}",
    "err.empty_part": (
        '"{wish}" has an empty part. Write positions, ranges or words: "3", "2:8", "cat", '
        '"cat#2", "0,5:9,cat".'
    ),
    "err.names_none": (
        '"{wish}" names no token. Write positions, ranges or words: "3", "2:8", "cat", '
        '"cat#2", "0,5:9,cat".'
    ),
    "err.endless": (
        "The weights lie in lists without an end. Give (queries, keys), (heads, queries, keys) "
        "or (layers, heads, queries, keys)."
    ),
    "err.parts_alone": (
        "There are {names} without the weights that they belong to. Give attentions and "
        "global_attentions of one output."
    ),
}

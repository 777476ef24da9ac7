"""What the user can put right of texts, pictures, sounds and files, in English."""

SENTENCES = {
    "err.tensor_quantised": (
        "The tensor {name} in {place} is quantised as {dtype}, which is not read. Give a file "
        "of one of these: {known}."
    ),
    "err.pickle_instruction": (
        "{place} is a pickle with the instruction {name}, which is not followed: it makes "
        "objects that are not tensors. Save the model's state dict alone, as safetensors if "
        "you can."
    ),
    "err.holds_neither": (
        "{place} holds {module}.{name}, which is neither a tensor nor a plain container, and "
        "is not made: a pickle can run code. Save the model's state dict alone, as safetensors "
        "if you can."
    ),
    "err.holds_no": (
        "{place} holds no tensors under names. Give a file with the state dict of a model."
    ),
    "err.config_says": (
        "The config of {place} says that its weights are quantised ({method}), and none of "
        "them is. Give the config that the weights were saved with."
    ),
    "err.layer_quantised": (
        "The layer {stem} of {place} is quantised ({method}) in a way that is not read: "
        "{reason}. Give the original checkpoint."
    ),
    "err.weights_quantised": (
        "The weights of {place} are quantised ({method}): give the original. Read are: "
        "{names}, and GGUF files."
    ),
    "err.samples_not": "The samples were not installed. Install attnviz again.",
    "err.tensor_dtype": (
        "The tensor {name} in {place} has dtype {dtype}. Only {names} can be used: convert the "
        "checkpoint first."
    ),
    "err.broken": "{place} is broken: {why}. Fetch or save the checkpoint again.",
    "err.folder_holds": (
        "The folder {place} holds no pictures and no sounds. Name files of texts, or a folder "
        "with {names}."
    ),
    "err.nothing_on_standard": "There is nothing on standard input. Pipe one text a line into it.",
    "err.line_not": (
        "{place}, line {number}, is not a text in UTF-8 (byte {start} is 0x{line}). Convert "
        "the file to UTF-8."
    ),
    "err.line_holds": (
        "{place}, line {number}, holds NUL characters. It is not a text, or one in UTF-16: "
        "convert it to UTF-8."
    ),
    "err.line_more": (
        "{place}, line {number}, has more than {longest} characters. Give one text a line."
    ),
    "err.no_columns": (
        "{place} has no columns: each of its lines is one text. Give a table ({names}), or no "
        "column."
    ),
    "err.line_cannot": "{place}, line {line_num}, cannot be read: {reason}. Mend the table.",
    "err.line_not_json": "{place}, line {number}, is not JSON: {reason}. Write one object a line.",
    "err.line_neither": (
        "{place}, line {number}, is neither an object nor a text. Write one object a line, "
        'such as {{"text": "…"}}.'
    ),
    "err.reading_takes": (
        "Reading {place} takes pyarrow, which is not installed. Run: pip install "
        "'attnviz[parquet]'."
    ),
    "err.cannot_read_parquet": "{place} cannot be read as Parquet: {value}. Write it again.",
    "err.several_columns": (
        "{place} has several columns and none is called text. Choose one with column: {names}."
    ),
    "err.no_column": '{place} has no column "{name}". It has: {names}.',
    "err.text_not": "Text {number} is not a text. Give texts, or pairs of two texts each.",
    "err.folder_name_picture": "{place} is a folder. Name a picture.",
    "err.not_picture": (
        "{place} is not a picture that can be read ({reason}). Give a file of one of these "
        "formats: {names}."
    ),
    "err.pixels": (
        "{place} is {width} × {height} pixels. One side may be {longest_side} times the other "
        "at most: cut it."
    ),
    "err.too_many": (
        "{place} has too many pixels{size}: {most_pixels} are the most. Make it smaller."
    ),
    "err.too_many_of": (
        "{place} has too many pixels{size}: {most_pixels} are "
        "the most of a {kind}. Make it smaller, or save it as PNG."
    ),
    "err.fed_pixels": (
        "The model is fed {width} × {height} pixels of this picture, and "
        "{most} × {most} are the most. Give a smaller picture, or cut it."
    ),
    "err.folder_name_sound": "{place} is a folder. Name a sound.",
    "err.samples_here": (
        "{place} has {n} samples here: that is too short to hear anything. Give a hundredth of "
        "a second and more."
    ),
    "err.holds_samples": "{place} holds samples that are not numbers. Write the sound again.",
    "err.holds_samples_far": (
        "{place} holds samples far beyond the loudest that there is. Write the sound again."
    ),
    "err.not_sound": "{place} is not a sound that can be read. Give a WAV, FLAC, OGG or MP3 file.",
    "err.seconds_more": "`{name}` is {value} seconds. Give 0 or more.",
    "err.part_from": "The part from {start} to {end} seconds is empty. `end` lies after `start`.",
    "err.wav_file": "{place} is a WAV file without samples that can be found. The file is damaged.",
    "err.cut_off": "{place} is cut off before its samples end. Copy the sound again.",
    "err.holds_samples_kind": (
        "{place} holds samples of a kind that is not read (format {kind}, {value} bits). Write "
        "it as WAV with 16 bits."
    ),
    "err.channels": "{place} has {channels} channels. At most {most_channels} are read.",
    "err.samples_second": (
        "{place} has {rate} samples a second. From {lowest_rate} to {highest_rate} are read."
    ),
    "err.holds_no_samples": "{place} holds no samples. Give a sound with something to hear.",
    "err.seconds_long": (
        "{place} is {value} seconds long, and the part begins at {start}. Choose an earlier "
        "`start`."
    ),
    "err.seconds_here": (
        "{place} has {value} seconds here: {most_seconds} are the most at once. Choose a part "
        "with `start` and `end`."
    ),
    "err.no_wav": (
        "{place} is not a WAV file, and other sounds need soundfile. Install it with: pip install "
        '"attnviz[audio]"; or convert the file to WAV.'
    ),
    "err.text_bytes": "The text has {n} bytes, and {largest_text} are the most. Give a part of it.",
    "err.tokenizer_cut": (
        "The tokenizer cut the {what} into no tokens. Try another text or tokenizer."
    ),
    "err.tokenizer_takes": (
        "{place} takes about {taken} once it is open, and {most} may be used. Give another "
        "tokenizer, or `max_memory` {needed}."
    ),
    "err.not_tokenizer": (
        "{place} is not a tokenizer that can be used: {reason}. Give a tokenizer.json written "
        "by the Hugging Face tokenizers library."
    ),
    "err.no_token_ids": "There are no token ids. Give at least one.",
    "err.token_ids": "The token ids are {ids}. Give whole numbers from 0.",
    "err.characters_most": (
        "The {what} has {n} characters, and {largest_text} are the most. Give a part of it, or "
        "survey many short texts."
    ),
    "err.broken_character": (
        "The {what} has a broken character ({text}) at position {start}: it is not valid "
        "Unicode. Write the text in UTF-8."
    ),
    "err.no_token_positions": "There is no token {name}. Positions go from 0 to {value}.",
}

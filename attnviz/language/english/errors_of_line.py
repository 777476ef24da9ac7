"""What the user can put right of the command line and its commands, in English."""

SENTENCES = {
    "err.word_command": "A word of the command line is not valid Unicode. Write UTF-8.",
    "err.not_enough": "There is not enough memory. Use a shorter text or fewer heads.",
    "err.folder_you": "The folder you are in was removed. Go to another one: cd ~.",
    "err.operating_system": "The operating system reported: {reason}.",
    "err.needs_trained": (
        "A {what} needs a trained model: the built-in heads write nothing. Give `model`: "
        "{names}, or a folder. Without one, {instead}"
    ),
    "err.does_not": "{model} ({family}) does not write about pictures. Try {names}.",
    "err.two_surveys": "Two surveys are compared as JSON, not as CSV. Use --json.",
    "err.survey_compared": (
        "A survey is compared with another survey, and --sort is of surveys. Give two files "
        "that attnviz survey wrote."
    ),
    "err.tolerance_compares": "--tolerance compares two records, and there are {n}. Give two.",
    "err.does_not_apply": "{value} does not apply to a checkpoint. It has its own heads and masks.",
    "err.global_tokens": "--global-tokens does not apply to {model}. It is for Longformer.",
    "err.length_cannot": (
        "The length {number} cannot be counted. Give numbers of tokens from 1 to {longest}."
    ),
    "err.lengths_given": "{n} lengths were given. At most {most_lengths} are allowed.",
    "err.position_no": (
        "The position {found} is in no text of {n_tokens}. Positions go from 0 to {value}."
    ),
    "err.not": '"{digits}" is not {what}. Give whole numbers separated by commas: {example}.',
    "err.must_from": "{option} is {number}. It must be from 1 to {most}.",
    "err.seconds": "--seconds is {seconds}. It must be above 0, at most {most_seconds}.",
    "err.not_edge": '"{wanted}" is not an edge. Write query>key, such as "it>cat".',
    "err.explorer_shows": "The explorer shows one head at a time. Give one --layer and --head.",
    "err.does_not_apply_saved": (
        "--{value} does not apply to a saved record: no model runs. Leave it out, or give a text."
    ),
    "err.explore_needs": (
        "explore needs a terminal, and {missing} is not one. Use attnviz run, or attnviz view "
        "for a saved record."
    ),
    "err.no_terminal": "There is no terminal to read keys from. Use attnviz run.",
    "err.each_line": "--each-line reads texts, and an image was given. Leave one out.",
    "err.each_line_writes": (
        "--each-line writes to standard output, and --output was given. Leave --output out, "
        "and send standard output to a file."
    ),
    "err.top": "--top is {top}. It must be 1 or more.",
    "err.random_probe": "--random is for --probe and --check. Give one of them too.",
    "err.reference_effect": "--reference is for --effect. Give both, or neither.",
    "err.effect_takes": (
        "--effect takes heads of a checkpoint away, and these heads belong to none. Choose a "
        "checkpoint, or leave --effect out."
    ),
    "err.nothing_verify": "There is nothing to verify. Name a checkpoint.",
    "err.built_heads": (
        "The built-in heads recognise nothing: a transcript needs a model that listens. Give "
        "--model, such as openai/whisper-tiny; `attnviz run TEXT --audio FILE` lines a text up "
        "by length."
    ),
    "err.nothing_written_down": "Nothing was written down: there is no picture. Save a .json.",
    "err.sort_top": "--sort and --top are of a survey, and this is none. Leave them out.",
    "err.head_both": "{names} and --head {head} both say which heads. Give one of them.",
    "err.no_mean": "There is no mean of layers. Name one, some (0-3), or all.",
    "err.several_layers": (
        "Several layers and heads were given. Name each head with its layer: `head` 0.1,3.2."
    ),
    "err.each_line_reads": (
        "--each-line reads a text from each line, and another one was given. Leave --ids and "
        "--source out."
    ),
    "err.no_line": "There is no line to read. Give at least one that is not empty.",
    "err.no_text_file": "There is no text. Give --file FILE, or - for standard input.",
    "err.given_twice": "`{what}` was given twice, and one is read. Give one.",
    "err.start_end": "--start and --end are for --audio. Give a sound, or neither.",
    "err.option_takes": "An option that takes a list is empty. Give one or more values.",
    "err.not_token": '"{wrong}" is not a token id. Give whole numbers: {option} 101,7592,102.',
    "err.input_file": "{place} is the input file. Write to another file.",
    "err.probe_makes": (
        "A probe makes its own texts. Leave the text out, or give sentences with --file."
    ),
    "err.no_place": "{option} has no place in a probe. Leave {option} out.",
    "err.folder": "{place} is a folder. Name a text file or a saved record.",
    "err.named_saved": (
        "{place} is named as a saved record or weights, not as a text. Show it with attnviz "
        "view {place}."
    ),
    "err.folder_name": "{option} {place} is a folder. Name a text file.",
    "err.cannot_read": "Cannot read {place}: {reason}.",
    "err.nothing_on": "There is nothing on standard input. Pipe a text into the command.",
    "err.larger_than": (
        "{name} is larger than {most} bytes, the most that a text may have. Give a part of it, "
        "or survey many short texts."
    ),
    "err.two_surveys_compared": "Two surveys are compared, and {n} were given. Give two.",
    "err.not_utf8": "{name} is not a text in UTF-8 (byte {start} is 0x{byte}). {todo}",
    "err.nul": "{name} is not a text (byte {start} is NUL). {todo}",
    "err.no_token_near": 'The token "{token}" is not in the text. Nearest in the text: {tokens}.',
    "err.named_picture": "{place} is named as a picture, not as a text. Give it with --image.",
    "err.named_sound": "{place} is named as a sound, not as a text. Give it with --audio.",
}

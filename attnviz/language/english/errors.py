"""What the user can put right, in English."""

SENTENCES = {
    # What the user can put right
    "err.not_found": "File not found: {path}. Check the path and try again.",
    "err.empty": "The text is empty. Write at least one word.",
    "err.too_long": (
        "The text is too long: {n_tokens}, and the limit is {limit_tokens}. Shorten it or use "
        "{option}."
    ),
    "err.choice": '"{value}" is not valid for {option}. Choose one of: {choices}.',
    "err.range": "{what} {value} does not exist: choose a number from {min} to {max}.",
    "err.only": "{what} {value} does not exist: there is only {min}.",
    "err.no_token": 'The token "{token}" is not in the text.',
    "err.write": "Cannot write {path}: {reason}",
    "err.needs": "This needs {package}. Install it with: {command}",
    "err.lang": 'The language "{value}" is not available. Choose one of: {choices}.',
    "err.other": "Something went wrong: {reason}",
    "err.empty_source": "The source is empty. Write at least one word.",
    "err.twice": (
        '"{token}" appears {n_times} in the text. Choose one: {choices}, or a position: {places}.'
    ),
    "err.try": "Try: {command}",
    # A line that could not be read
    "err.command": "There is no command {value}. Choose one of: {choices}.",
    "err.option": "There is no option {option}. See --help.",
    "err.option_near": "There is no option {option}. Nearest: {choices}.",
    "err.needs_value": "{option} needs a value.",
    "err.no_value": "{option} takes no value.",
    "err.missing": "Something is missing: {what}. See --help.",
    "err.not_number": '"{value}" is not a number, and {option} needs one.',
    "err.not_between": "{value} is not allowed for {option}: {reason}.",
    "err.extra": "Too many words: {value}. Put a text in quotes.",
    "err.invalid": "Wrong value for {option}: {reason}",
    # What was asked for
    "err.no_text": "There is no text. Give one, or --file FILE, or - for standard input.",
    "err.both": "{what} and {value} were both given. Give one of them.",
    "err.nothing_to_compare": (
        "There is nothing to compare. Give two texts, files, types, models, layers or heads: "
        "{option}."
    ),
    "err.several": "Several {what} were given. Vary one thing at a time.",
    "err.not_a": '"{value}" is not a {what}. Give numbers ({choices}), all, last or mean.',
    "err.no_folder": "No such folder: {path}. Check the path. A hub id looks like user/name.",
    "err.needs_query": "{option} needs --query: --query it --key tired.",
}

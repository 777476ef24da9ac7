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
    "err.no_token": 'The token "{token}" is not in the text.',
    "err.exists": "{path} already exists. Add {option} to replace it.",
    "err.write": "Cannot write {path}: {reason}",
    "err.needs": "This needs {package}. Install it with: {command}",
    "err.lang": 'The language "{value}" is not available. Choose one of: {choices}.',
    "err.other": "Something went wrong: {reason}",
    "err.empty_source": "The source is empty. Write at least one word.",
    "err.twice": 'The token "{token}" is in the text {n_times}. Choose one: {choices}.',
    "err.try": "Try: {command}",
}

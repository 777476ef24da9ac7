"""What is odd about a checkpoint, its inputs or given weights, in English."""

SENTENCES = {
    "note.adapter": "A LoRA adapter lies beside the weights of {name} and is not applied.",
    "note.own_code": (
        "{name} brings code of its own, which is not run: what is shown is the plain model of "
        "its type."
    ),
    "note.unread": "Fields of {file} that were not read: {names}.",
    "note.whole": (
        "The picture is fed to {model} as a whole, without the enlarged parts that its "
        "processor adds (do_image_splitting)."
    ),
    "note.unknown_one": "1 token is unknown to {model}: {word}.",
    "note.unknown": "{n} tokens are unknown to {model}: {word}.",
    "note.marks": "The text has {names}: the model reads that as a mark of the chat, not as words.",
    "note.left_out": 'The last token, "{token}", never was a query: it is left out.',
    "note.views": "The file holds {n} views; this is {name}.",
    "note.zero": (
        "{n} of {total} rows are all zero, the first in {place}: such a query looks at nothing."
    ),
    "note.less": (
        "{n} of {total} rows sum to less than 1, down to {value} in {place}: a sink took the "
        "rest, or they were cut or rounded."
    ),
    "note.rounded": "Rows sum to up to {value}: the weights were rounded.",
}

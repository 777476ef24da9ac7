"""Whether attention matters to the answer, in English."""

SENTENCES = {
    # What is measured of an answer
    "read.next": "the next token",
    "read.mask": "the masked word",
    "read.class": "the class",
    "read.span": "the span of the answer",
    "read.vector": "the vector of the text",
    "read.likeness": "the likeness of two texts",
    # What changes an answer
    "effect.mean": "each head replaced by its mean over {n_texts}",
    "effect.zero": "each head replaced by zeros",
    "effect.text": "each head replaced by what it gives for the other text",
    "effect.unit": "effect = {value}",
    "effect.none": "none",
    "effect.together": "together",
    "effect.colour": "colour: square root of the effect, up to {value}",
    "effect.jointly": "{places} together: {value}",
    "effect.cut": '"{query}" → "{key}" cut in {places}: {value}',
    "effect.everywhere": "every head",
    "effect.note": "what was taken away here changed the answer; why it did, this does not say",
    "effect.top_head": (
        "Without head {places} the answer changes by {value}, more than without any other head."
    ),
    "effect.no_head": "Without any one head the answer stays what it is.",
    "effect.top_token": 'Hiding "{token}" changes the answer most: by {value}.',
    # What heads do on probe texts
    "probe.title": "heads of {model} by probe",
    "probe.random": "{n_texts} of {k} random tokens, each twice",
    "probe.sentences": "{total} sentences",
    "probe.agreement": (
        "two random texts give the same label to {pct} of the heads, two sentences to {low}"
    ),
    "probe.scores": (
        "% of the weight in the second half, mean ± spread over random texts; chance: {value}"
    ),
    "claim.holds": (
        "{places} {what}: yes. {pct} of its weight ({low} by chance), {done} of {total} heads "
        "by rank; {k} of {n_texts} call it so."
    ),
    "claim.partly": (
        "{places} {what}: in part. {pct} of its weight, clearly over chance ({low}) and not "
        "most of it; {done} of {total} heads by rank; {k} of {n_texts} call it so."
    ),
    "claim.fails": (
        "{places} {what}: no. {pct} of its weight, {low} by chance; {done} of {total} heads "
        "by rank; {k} of {n_texts} call it so."
    ),
    # Whether an order of tokens holds
    "check.title": "check of {model} · {what} · {n_texts}",
    "check.order": "tokens ordered by",
    "check.than": "than random",
    "check.one": "one token at a time",
    "check.length": "length of the embedding",
    "check.random": "random, {n} orders",
    "check.better": "better",
    "check.no_better": "no better",
    "check.unclear": "not clear",
    "check.note": (
        "deletion: the share of the answer that is lost while tokens are hidden in this "
        "order; insertion: the share that is there while they are shown in it; more is better"
    ),
    "check.corr": "rank corr.: with the effects of hiding one token at a time",
    "check.hidden": "share of tokens that are hidden",
    "check.shown": "share of tokens that are shown",
    "check.model": "for this model and these texts only: check yours",
    "check.skipped": "not for these texts: {choices}",
    "check.rollout": (
        "on MiniLM and ten sentences, hiding tokens in the order of rollout lost no more of "
        "the answer than a random order (attnviz check)"
    ),
    "check.flow": (
        "on MiniLM and ten sentences, hiding tokens in the order of flow lost hardly more of "
        "the answer than a random order (attnviz check)"
    ),
}

"""What is said of weights, in words, in English."""

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
    "step.sum": (
        "Each value is multiplied by its weight and all are added up: that is the token's output."
    ),
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
    "limit.explain": (
        "Careful: attention weights show where the model looks, not why it decides. A big "
        "weight is not proof that a token matters."
    ),
    "limit.demo": (
        "These weights come from a small demo model with random values: they show how the "
        "calculation works, not what a trained model learned."
    ),
    "limit.units": ("Weights of tokens are added up here, so a longer sentence gets more."),
    "limit.constructed": (
        "These heads are constructed, not trained: each one is built to look at one known thing."
    ),
    # What the weights of one query show
    "find.aside": "{pct} of the weight goes to {tokens}: it is left out here.",
    "find.first": '"{query}" looks at "{key}" first: {pct}, out of the {left} that is left.',
    "find.top": 'The token "{query}" puts {pct} of its weight on "{key}".',
    "find.self": 'The token "{query}" keeps {pct} of its weight for itself.',
    "find.topk": 'Biggest weights of "{query}": {items}.',
    "find.tie": 'The token "{query}" gives the same weight to {tokens} ({pct} each).',
    "find.flat": 'No key stands out for "{query}": the largest weight is only {pct}.',
    "find.focus": (
        'The most concentrated token is "{query}" (entropy {entropy}); the most spread out is '
        '"{other}" (entropy {other_entropy}).'
    ),
    "find.received": 'The token "{key}" receives the most weight: {pct} on average.',
    "unit.query": "query: what looks",
    "unit.key": "key: what is looked at",
    "unit.top": '"{query}" puts {pct} of its weight on "{key}".',
    "unit.topk": 'Biggest weights of "{query}": {items}.',
    "unit.self": '"{query}" keeps {pct} of its weight for itself.',
    # What heads look at
    "head.prev": "In head {head}, tokens mostly look at the token before them ({pct} on average).",
    "head.next": "In head {head}, tokens mostly look at the token after them ({pct} on average).",
    "head.self": "In head {head}, tokens mostly look at themselves ({pct} on average).",
    "head.sink": (
        'In head {head}, {pct} of the weight goes to the first token "{token}". This is '
        'called an "attention sink": a head that finds nothing to look at leaves its weight there.'
    ),
    "head.flat": (
        "Head {head} spreads its weight almost equally over all tokens (entropy {entropy} of "
        "{max_entropy})."
    ),
    "head.sharp": (
        "Head {head} is concentrated: the largest weight in each row is {pct} on average "
        "(entropy {entropy} of {max_entropy})."
    ),
    "head.alike": (
        "Heads {a} and {b} are the most alike (similarity {sim}); heads {c} and {d} are the "
        "most different."
    ),
    "dist.mean": "Average distance between query and key: {n_tokens}.",
    "dist.time": "Average time between query and key: {distance} seconds.",
    "image.half": "Half of the weight on the picture lies on {pct} of it.",
    "image.half_colour": ("Half of the weight lies on the {pct} of the picture nearest in colour."),
    "image.half_place": ("Half of the weight lies on the {pct} of the picture nearest in place."),
    "dist.near_time": (
        "{pct} of the weight stays near in time ({distance} seconds or less); the rest goes far."
    ),
    "dist.near": (
        "{pct} of the weight stays near the query (within {n_tokens}); the rest goes far."
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
    "causal.first": 'The first token "{token}" looks only at itself, so its weight is {pct}.',
    "cross.align": 'In the target, "{query}" is linked with "{key}" in the source ({pct}).',
    "cross.sharp": (
        "{k} of {n_tokens} in the target look mostly at one source token (more than {threshold})."
    ),
    "cross.sharp.one": (
        "{k} of {n_tokens} in the target looks mostly at one source token (more than {threshold})."
    ),
    # What is said of the moments of a sound
    "sound.beyond": "{pct} of the weight lies beyond the end of the sound, on silence added to it.",
    "sound.top": 'At "{query}", {pct} of the weight goes to the moment "{key}".',
    "sound.self": 'At "{query}", {pct} of the weight stays on the same moment.',
    "sound.topk": 'At "{query}" these moments get the most weight: {items}.',
    "sound.tie": 'At "{query}" these moments get the same weight: {tokens} ({pct} each).',
    "sound.none": 'At "{query}" no moment stands out: the largest weight is only {pct}.',
    "sound.focus": (
        'The weight is most concentrated at "{query}" (entropy {entropy}), and most spread out at '
        '"{other}" (entropy {other_entropy}).'
    ),
    "sound.received": 'The moment "{key}" receives the most weight: {pct} on average.',
    "sound.prev": (
        "In head {head}, each moment mostly looks at the moment before it ({pct} on average)."
    ),
    "sound.next": (
        "In head {head}, each moment mostly looks at the moment after it ({pct} on average)."
    ),
    "sound.same": "In head {head}, each moment mostly looks at itself ({pct} on average).",
    "sound.sink": 'In head {head}, {pct} of the weight goes to the first moment, "{token}".',
    "sound.flat": (
        "Head {head} spreads its weight almost equally over all moments (entropy {entropy} of "
        "{max_entropy})."
    ),
    "sound.align": '"{query}" looks mostly at the moment "{key}" ({pct}).',
    "sound.sharp": "{k} of {n_tokens} look mostly at one moment (more than {threshold}).",
    "sound.sharp.one": "{k} of {n_tokens} looks mostly at one moment (more than {threshold}).",
}

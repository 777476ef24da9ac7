"""The lesson, in English."""

SENTENCES = {
    # The lesson
    "lesson.scores.example": (
        'Here the query "{query}" meets every key; numbers that are not shown are added up in '
        '"others".'
    ),
    "lesson.scaling.without": (
        "Without the division the largest weight would be {without}; with it, it is {pct}. "
        "Scaling keeps softmax from giving almost everything to one token."
    ),
    "lesson.merge": (
        "The outputs of {n_heads} stand side by side and a matrix W_O turns them into one vector."
    ),
    "lesson.translation": (
        "Translation: each word of the translation looks at the words of the source "
        "(cross-attention)."
    ),
    "lesson.speech": (
        "Speech: each word that is written down looks at a moment of the sound; the keys are "
        "slices of sound."
    ),
    "lesson.sound.frames": (
        "A sound is cut into short slices, 25 in a second: each slice is a token that looks at the "
        "others."
    ),
    "lesson.sound.heads": (
        "One head looks for the same sound, another for what is near in time, others for where "
        "sounds begin or for the same pitch."
    ),
    "lesson.speech.lined": (
        "Here nothing is recognised: words are lined up with the sound by their length, by pauses "
        "and by where sounds begin."
    ),
    "lesson.speech.path": (
        "A trained model such as Whisper writes the words itself; a path through its weights that "
        "never goes back tells when each word was said."
    ),
    "lesson.strength.far": (
        "A token can look at any other token in one step, however far away it is."
    ),
    "lesson.strength.parallel": (
        "All tokens are computed at the same time: nothing waits for the word before."
    ),
    "lesson.strength.heads": (
        "Several heads look for several relations at once, and the weights can be seen."
    ),
    # Below a topic
    "lesson.try": "try:",
    "lesson.next": "next:",
}

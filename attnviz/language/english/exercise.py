"""The exercises of the lesson, in English."""

SENTENCES = {
    "exercise.try": "Exercise",
    "exercise.answers": "Answers",
    "exercise.right": "Right.",
    "exercise.wrong": "No.",
    "exercise.hint": "Hint:",
    "exercise.answer": "The answer:",
    "exercise.mistake": "A known mistake:",
    "exercise.score": "{n} of {total} right.",
    "exercise.enter": "Enter alone gives a hint.",
    "exercise.rounding": "A number is right within 1 point, or 0.01.",
    "lesson.title": "Attention, step by step: a lesson with exercises",
    "exercise.check": "Check",
    "exercise.show": "Show the answers",
    "lesson.test": "exercise:",
    "lesson.ask.check": "What have you understood?",
    "lesson.check.ten": (
        "Ten questions about the topics before, with numbers of this run: attnviz explain all"
        " --exercise asks them."
    ),
    "exercise.why.ask": "The same word in two sentences: what is different?",
    "exercise.why.hint": "Compare the words that it looks at.",
    "exercise.why.takes": "what it takes from its neighbours",
    "exercise.why.token": "the token that is read",
    "exercise.why.nothing": "nothing",
    "exercise.why.token.mistake": "The letters are the same, so the token is the same.",
    "exercise.why.nothing.mistake": "Its weights go to other words, so another vector comes out.",
    "exercise.vectors.ask": "The same words in two orders: which head made these rows?",
    "exercise.vectors.hint": "Look whether the other order changes the row.",
    "exercise.vectors.both": "either of them",
    "exercise.vectors.same.mistake": (
        'The head "same word" knows only what a token is: no order changes its row.'
    ),
    "exercise.vectors.place.mistake": (
        'The head "previous" knows only the place: another order changes its row.'
    ),
    "exercise.vectors.both.mistake": "Compare the two rows: only one of these heads makes them.",
    "exercise.query-key-value.ask": (
        "x is multiplied by this column of the matrix. Which number comes out?"
    ),
    "exercise.query-key-value.hint": (
        "Multiply the numbers of the same place, and add the products."
    ),
    "exercise.trained.ask": (
        "Before training the weights are nearly even. How many percent would each be if "
        "all were the same?"
    ),
    "exercise.trained.hint": "Share out 100% among all tokens of the row.",
    "exercise.applications.ask": 'Which word of the passage does "{token}" look at most?',
    "exercise.applications.hint": "These heads look for the same spelling.",
    "exercise.tokens.ask": "How many tokens does this text have, cut into words?",
    "exercise.tokens.hint": "Count the words, and each punctuation mark as one more.",
    "exercise.scores.ask": "What is the score q · k?",
    "exercise.scores.hint": "Multiply the numbers of the same place, and add the products.",
    "exercise.scaling.ask": "A vector has 4 numbers. What does this score become before softmax?",
    "exercise.scaling.hint": "Divide it by the square root of 4.",
    "exercise.softmax.ask": "One weight of this row is missing. How many percent is it?",
    "exercise.softmax.hint": "Every row sums to 100%.",
    "exercise.weighted-sum.ask": "Each value is multiplied by its weight. What is the output?",
    "exercise.weighted-sum.hint": "Multiply along each line, then add the products.",
    "exercise.self.ask": "What sums to 100% in this table?",
    "exercise.self.hint": "Add up the numbers of one line, then those of one column.",
    "exercise.self.row": "each row",
    "exercise.self.column": "each column",
    "exercise.self.diagonal": "the diagonal",
    "exercise.self.column.mistake": (
        "The query shares out its weight along its row; a key may get much or little."
    ),
    "exercise.self.diagonal.mistake": "The diagonal shows how much each token looks at itself.",
    "exercise.multi-head.ask": "Which head made this row?",
    "exercise.multi-head.hint": (
        "Find the key with the most weight, and where it stands from the query."
    ),
    "exercise.multi-head.mistake": "That head looks elsewhere.",
    "exercise.causal.ask": (
        'The last word was there before. Which token does the head "what followed" look at?'
    ),
    "exercise.causal.hint": "Find the same word earlier, and take the token after it.",
    "exercise.cross.ask": 'Which token of the source does "{token}" look at most?',
    "exercise.cross.hint": "These heads look for the same spelling at the same place.",
    "exercise.local-global.ask": (
        "Local attention with window 2: how many tokens does a token in the middle see?"
    ),
    "exercise.local-global.hint": "Window 2 is 2 tokens on each side; a token also sees itself.",
    "exercise.local-global.two": "The window counts each side: 2 before and 2 after.",
    "exercise.local-global.four": "A token also sees itself.",
    "exercise.limits.ask": "The text becomes twice as long. How many scores are computed then?",
    "exercise.limits.hint": "Each token looks at each: n × n.",
    "exercise.not-explanation.ask": "What does the largest weight of this row show?",
    "exercise.not-explanation.hint": (
        "A weight says how much of a value is taken, and from which token."
    ),
    "exercise.not-explanation.where": "where the head looks",
    "exercise.not-explanation.why": "why the model decides",
    "exercise.not-explanation.word": "which word matters most",
    "exercise.not-explanation.mistake": (
        "A large weight is no reason: take the token away and look at the answer (attnviz effect)."
    ),
    "err.no_exercise": '"{topic}" has no exercise. These have one: {choices}.',
    "err.exercise_topic": (
        "An exercise belongs to a topic. Name one, or all: attnviz explain all --exercise."
    ),
    "err.picture_topic": (
        "A picture shows one topic. Name it (attnviz explain softmax -o softmax.png), or write a "
        "page: lesson.html."
    ),
}

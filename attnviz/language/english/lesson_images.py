"""The lesson's topics on pictures, in English."""

SENTENCES = {
    "lesson.ask.patches": "What are the tokens of a picture?",
    "lesson.ask.picture-heads": "What do heads look for in a picture?",
    "lesson.ask.cls": "What does the whole picture look at?",
    "lesson.ask.image-tokens": "How does a language model see?",
    "lesson.patches.cut": (
        "A picture is cut into small squares, patches: each is a token that looks at the "
        "others, and is named after its row and column."
    ),
    "lesson.patches.row": (
        "Below, one patch looks for its own colour: the more orange, the more weight."
    ),
    "lesson.picture.heads": (
        "One head looks for the same colour, another for what is near, others for edges or for "
        "what stands out."
    ),
    "lesson.picture.constructed": (
        "These heads are constructed, so that one knows what each does; a trained model finds "
        "its own."
    ),
    "lesson.cls.one": (
        "A vision transformer has one token more than patches, [CLS]: its row says which "
        "patches the vector of the whole picture is gathered from."
    ),
    "lesson.cls.share": (
        "Weight that goes to [CLS] or to registers lies nowhere in the picture: its share is "
        "said beside it."
    ),
    "lesson.cls.below": (
        "No trained model is installed here: in place of its [CLS], below is what all patches "
        "together give each patch."
    ),
    "lesson.image_tokens.among": (
        "For a language model patches become tokens among the words: a word looks at words and "
        "at patches alike, and each costs as much."
    ),
    "lesson.image_tokens.below": (
        "Below, words for colours and places look at a drawn picture; a word that says nothing "
        "of pictures is even."
    ),
}

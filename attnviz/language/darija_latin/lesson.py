"""The lesson, in Darija in Latin letters."""

SENTENCES = {
    # The lesson
    "lesson.scores.example": (
        'Hna query dial token "{query}" m3a kul key; li mabaynch majmou3 f "others".'
    ),
    "lesson.scaling.without": (
        "Bla had l9esma akbar weight ykoun {without}; m3aha howa {pct}. Scaling kaykhelli "
        "softmax maykhtarch deghya."
    ),
    "lesson.merge": (
        "Outputs dial {n_heads} kayt7etto 7da b3diyathom, w matrix W_O kat7awlhom l vector wa7ed."
    ),
    "lesson.translation": (
        "Translation: kul kelma f target katchouf lkelmat dial source (cross attention)."
    ),
    "lesson.summarisation": "Summarisation: summary kaychouf l parts l mohimmin f text.",
    "lesson.answering": "Question answering: question kat9elleb 3la jawab f passage.",
    "lesson.captioning": (
        "Image captioning: kul kelma katchouf blasa f tswira; keys homa patches dial tswira, "
        "machi kelmat."
    ),
    "lesson.speech": "Speech: kul kelma katchouf lwe9t fin tgalet; keys homa frames dial sout.",
    "lesson.strength.far": "Token y9der ychouf ay token akhor f khetwa wa7da, wakha ykoun b3id.",
    "lesson.strength.parallel": (
        "Tokens kamlin kayt7esbo f nefs lwe9t: 7ta wa7ed makaytsenna li 9bel mnno."
    ),
    "lesson.strength.heads": (
        "Bezzaf d heads kaychoufo bezzaf d l3ala9at f nefs lwe9t, w weights n9edro nchoufohom."
    ),
}

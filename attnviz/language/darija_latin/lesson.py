"""The lesson, in Darija in Latin letters."""

SENTENCES = {
    # The lesson
    "lesson.scores.example": (
        'Hna query dial token "{query}" m3a kul key; dakchi li mabaynch majmou3 f "others".'
    ),
    "lesson.scaling.without": (
        "Bla had l9esma, akbar weight kan ghadi ykoun {without}; m3aha howa {pct}. Bla "
        "scaling, softmax kay3ti t9riban kolchi l token wa7ed."
    ),
    "lesson.merge": (
        "Outputs dial {n_heads} kayt7etto 7da b3diyathom, w matrix W_O kat7awwelhom l vector wa7ed."
    ),
    "lesson.translation": (
        "Translation: kul kelma f target katchouf lkelmat dial source (cross-attention)."
    ),
    "lesson.speech": "Speech: kul kelma katchouf lwe9t fach tgalet; keys homa frames dial sout.",
    "lesson.sound.frames": (
        "Sout kayt9te3 l trof sghar, 25 f tanya: kul terf howa token li kaychouf okhrin."
    ),
    "lesson.sound.heads": (
        "Head kay9elleb 3la nefs sout, head akhor 3la chno 9rib f lwe9t, w okhrin 3la fin kaybda "
        "sout wla 3la nefs tabaqa."
    ),
    "lesson.speech.lined": (
        "Hna 7ta kelma ma t3erfat: kelmat mrettbin m3a sout b toul dialhom, b skat w b lbdya."
    ),
    "lesson.speech.path": (
        "Model mderreb b7al Whisper kaykteb kelmat b rasso; triq f weights dialo li 3mmerha ma "
        "katrje3 lour kat9ol fo9ach tgalt kul kelma."
    ),
    "lesson.strength.far": (
        "Kul token y9der ychouf ay token akhor f khetwa wa7da, wakha ykoun b3id."
    ),
    "lesson.strength.parallel": (
        "Tokens kamlin kayt7esbo f nefs lwe9t: 7ta wa7ed makaytsenna li 9bel mnno."
    ),
    "lesson.strength.heads": (
        "Bezzaf d heads kaychoufo bezzaf d l3ala9at f nefs lwe9t, w weights n9edro nchoufohom."
    ),
    # Below a topic
    "lesson.try": "jerreb:",
    "lesson.next": "mn b3d:",
}

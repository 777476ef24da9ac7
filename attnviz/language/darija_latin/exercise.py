"""The exercises of the lesson, in Darija in Latin letters."""

SENTENCES = {
    "exercise.try": "Tamrin",
    "exercise.answers": "Ajwiba",
    "exercise.right": "S7i7.",
    "exercise.wrong": "La.",
    "exercise.hint": "I3ana:",
    "exercise.answer": "Ljawab:",
    "exercise.mistake": "Ghalat li kaytrra bezzaf:",
    "exercise.score": "{n} mn {total} s7a7.",
    "exercise.enter": "Enter bo7dha kat3ti i3ana.",
    "exercise.rounding": "Ra9m s7i7 ila kan lfar9 9ell mn 1, wla 0.01.",
    "lesson.title": "Attention, khetwa b khetwa: ders fih tamarin",
    "exercise.check": "Chouf wach s7i7",
    "exercise.show": "Beyyen lajwiba",
    "lesson.test": "tamrin:",
    "lesson.ask.check": "Chno fhemti?",
    "lesson.check.ten": (
        "3chra d as2ila 3la topics li 9bel, b ar9am dial had run: attnviz explain all "
        "--exercise kaysewelhom."
    ),
    "exercise.why.ask": "Nefs lkelma f jouj jomlat: chno li mkhtalef?",
    "exercise.why.hint": "9aren lkelmat li katchouf.",
    "exercise.why.takes": "chno katakhod mn jiranha",
    "exercise.why.token": "token li kayt9ra",
    "exercise.why.nothing": "walo",
    "exercise.why.token.mistake": "L7orouf homa homa, w token howa howa.",
    "exercise.why.nothing.mistake": (
        "Weights dialha kaymchiw l kelmat okhrin, w kaykhrej vector akhor."
    ),
    "exercise.vectors.ask": "Nefs lkelmat f jouj tartibat: chmen head dar had stora?",
    "exercise.vectors.hint": "Chouf wach tartib lakhor kaybeddel ster.",
    "exercise.vectors.both": "ay wa7ed fihom",
    "exercise.vectors.same.mistake": (
        'Head "same word" kay3ref ghir chno howa token: 7ta tartib ma kaybeddel ster dialo.'
    ),
    "exercise.vectors.place.mistake": (
        'Head "previous" kay3ref ghir lblasa: tartib akhor kaybeddel ster dialo.'
    ),
    "exercise.vectors.both.mistake": "9aren jouj stora: ghir wa7ed mn had lheads kaydirhom.",
    "exercise.query-key-value.ask": "x kaytdreb f had lcolumn dial matrix. Chmen ra9m kaykhrej?",
    "exercise.query-key-value.hint": "Dreb lar9am dial nefs lblasa, w jme3 kolchi.",
    "exercise.trained.ask": (
        "9bel training weights t9riban b7al b7al. Ch7al f lmya ykoun kul wa7ed ila kano "
        "kamlin b7al b7al?"
    ),
    "exercise.trained.hint": "9sem 100% 3la tokens kamlin dial ster.",
    "exercise.applications.ask": 'Chmen kelma f passage kaychouf "{token}" kter?',
    "exercise.applications.hint": "Had lheads kay9elbo 3la nefs l7orouf.",
    "exercise.tokens.ask": "Ch7al mn token f had ltext, m9te3 l kelmat?",
    "exercise.tokens.hint": "7seb lkelmat, w kul 3alama (. ,) b wa7da.",
    "exercise.scores.ask": "Ch7al score q · k?",
    "exercise.scores.hint": "Dreb lar9am dial nefs lblasa, w jme3 kolchi.",
    "exercise.scaling.ask": "Vector fih 4 d ar9am. Chno kaywelli had lscore 9bel softmax?",
    "exercise.scaling.hint": "9esmo 3la √4.",
    "exercise.softmax.ask": "Weight wa7ed na9es f had ster. Ch7al f lmya?",
    "exercise.softmax.hint": "Lmajmou3 dial kul ster howa 100%.",
    "exercise.weighted-sum.ask": "Kul value kaytdreb f weight dialo. Chno howa output?",
    "exercise.weighted-sum.hint": "Dreb f kul ster, w jme3 kolchi.",
    "exercise.self.ask": "Chno lmajmou3 dialo 100% f had ltable?",
    "exercise.self.hint": "Jme3 ar9am dial ster, w mn b3d dial column.",
    "exercise.self.row": "kul ster",
    "exercise.self.column": "kul column",
    "exercise.self.diagonal": "diagonal",
    "exercise.self.column.mistake": (
        "Query kayfr9 weight dialo f ster dialo; key y9der yakhod bezzaf wla chwiya."
    ),
    "exercise.self.diagonal.mistake": "Diagonal kaybeyyen ch7al kul token kaychouf rasso.",
    "exercise.multi-head.ask": "Chmen head dar had ster?",
    "exercise.multi-head.hint": "9elleb 3la key li 3ndo akbar weight, w fin kayn mn query.",
    "exercise.multi-head.mistake": "Dak head kaychouf blasa okhra.",
    "exercise.causal.ask": 'Lkelma lekhra kanet 9bel. Chmen token kaychouf head "what followed"?',
    "exercise.causal.hint": "9elleb 3la nefs lkelma 9bel, w khod token li morah.",
    "exercise.cross.ask": 'Chmen token f source kaychouf "{token}" kter?',
    "exercise.cross.hint": "Had lheads kay9elbo 3la nefs l7orouf f nefs lblasa.",
    "exercise.local-global.ask": (
        "Local attention b window 2: ch7al mn token kaychouf token li f lwest?"
    ),
    "exercise.local-global.hint": (
        "Window 2 hiyya jouj tokens mn kul jiha; token kaychouf 7ta rasso."
    ),
    "exercise.local-global.two": "Window kat7seb kul jiha: jouj 9bel w jouj mn b3d.",
    "exercise.local-global.four": "Token kaychouf 7ta rasso.",
    "exercise.limits.ask": "Text tzad 7tal jouj merrat. Ch7al mn score khassna n7esbo?",
    "exercise.limits.hint": "Kul token kaychouf kul token: n × n.",
    "exercise.not-explanation.ask": "Chno kaybeyyen akbar weight f had ster?",
    "exercise.not-explanation.hint": "Weight kay9ol ch7al kanakhdo mn value, w mn chmen token.",
    "exercise.not-explanation.where": "fin kaychouf head",
    "exercise.not-explanation.why": "3lach kay9errer model",
    "exercise.not-explanation.word": "chmen kelma mohimma kter",
    "exercise.not-explanation.mistake": (
        "Weight kbir machi sabab: 7iyyed token w chouf ljawab (attnviz effect)."
    ),
    "err.no_exercise": 'Topic "{topic}" ma3ndoch tamrin. Hado 3ndhom: {choices}.',
    "err.exercise_topic": (
        "Tamrin khasso topic. 3ti wa7ed, wla all: attnviz explain all --exercise."
    ),
    "err.picture_topic": (
        "Tswira fiha topic wa7ed. 3ti smiyto (attnviz explain softmax -o softmax.png), wla kteb "
        "page: lesson.html."
    ),
}

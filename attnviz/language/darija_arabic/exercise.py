"""The exercises of the lesson, in Darija in Arabic letters."""

SENTENCES = {
    "exercise.try": "تمرين",
    "exercise.answers": "الأجوبة",
    "exercise.right": "صحيح.",
    "exercise.wrong": "لا.",
    "exercise.hint": "إعانة:",
    "exercise.answer": "الجواب:",
    "exercise.mistake": "غلط شائع:",
    "exercise.score": "{n} من {total} صحاح.",
    "exercise.enter": "غير Enter كتعطي إعانة.",
    "exercise.rounding": "الرقم صحيح إلا كان الفرق قل من 1، ولا 0.01.",
    "lesson.title": "Attention، خطوة بخطوة: درس فيه تمارين",
    "exercise.check": "شوف واش صحيح",
    "exercise.show": "بين الأجوبة",
    "lesson.test": "تمرين:",
    "lesson.ask.check": "شنو فهمتي؟",
    "lesson.check.ten": (
        "عشرة د الأسئلة على topics اللي قبل، ب أرقام محسوبة دابا: attnviz explain all "
        "--exercise كيسولهم."
    ),
    "exercise.why.ask": "نفس الكلمة ف جوج جملات: شنو اللي مختلف؟",
    "exercise.why.hint": "قارن الكلمات اللي كتشوف.",
    "exercise.why.takes": "شنو كتاخد من جيرانها",
    "exercise.why.token": "token اللي كيتقرا",
    "exercise.why.nothing": "والو",
    "exercise.why.token.mistake": "الحروف هوما هوما، و token هو هو.",
    "exercise.why.nothing.mistake": "الـ weights ديالها كيمشيو ل كلمات خرين، و كيخرج vector آخر.",
    "exercise.vectors.ask": "نفس الكلمات ف جوج ترتيبات: شمن head دار هاد السطور؟",
    "exercise.vectors.hint": "شوف واش الترتيب الآخر كيبدل السطر.",
    "exercise.vectors.both": "أي واحد فيهم",
    "exercise.vectors.same.mistake": (
        "head «same word» كيعرف غير شنو هو token: حتى ترتيب ما كيبدل السطر ديالو."
    ),
    "exercise.vectors.place.mistake": (
        "head «previous» كيعرف غير البلاصة: ترتيب آخر كيبدل السطر ديالو."
    ),
    "exercise.vectors.both.mistake": "قارن جوج سطور: غير واحد من هاد الـ heads كيديرهم.",
    "exercise.query-key-value.ask": "x كيتضرب ف هاد الـ column ديال matrix. شمن رقم كيخرج؟",
    "exercise.query-key-value.hint": "ضرب الأرقام ديال نفس البلاصة، و جمع كلشي.",
    "exercise.trained.ask": (
        "قبل training الـ weights تقريبا بحال بحال. شحال ف المية يكون كل واحد إلا كانو "
        "كاملين بحال بحال؟"
    ),
    "exercise.trained.hint": "قسم 100% على tokens كاملين ديال السطر.",
    "exercise.applications.ask": "شمن كلمة ف الـ passage كيشوف «{token}» كتر؟",
    "exercise.applications.hint": "هاد الـ heads كيقلبو على نفس الحروف.",
    "exercise.tokens.ask": "شحال من token ف هاد الـ text، مقطع ل كلمات؟",
    "exercise.tokens.hint": "حسب الكلمات، و كل علامة (. ،) ب وحدة.",
    "exercise.scores.ask": "شحال score q · k؟",
    "exercise.scores.hint": "ضرب الأرقام ديال نفس البلاصة، و جمع كلشي.",
    "exercise.scaling.ask": "هاد الـ vector فيه 4 د الأرقام. شنو كيولي هاد الـ score قبل softmax؟",
    "exercise.scaling.hint": "قسمو على √4.",
    "exercise.softmax.ask": "واحد weight ناقص ف هاد السطر. شحال ف المية؟",
    "exercise.softmax.hint": "المجموع ديال كل سطر هو 100%.",
    "exercise.weighted-sum.ask": "كل value كيتضرب ف weight ديالو. شنو هو output؟",
    "exercise.weighted-sum.hint": "ضرب ف كل سطر، و جمع كلشي.",
    "exercise.self.ask": "شنو المجموع ديالو 100% ف هاد الـ table؟",
    "exercise.self.hint": "جمع الأرقام ديال سطر، و من بعد ديال column.",
    "exercise.self.row": "كل سطر",
    "exercise.self.column": "كل column",
    "exercise.self.diagonal": "diagonal",
    "exercise.self.column.mistake": (
        "الـ query كيفرق weight ديالو ف السطر ديالو؛ key يقدر ياخد بزاف ولا شوية."
    ),
    "exercise.self.diagonal.mistake": "الـ diagonal كيبين شحال كل token كيشوف راسو.",
    "exercise.multi-head.ask": "شمن head دار هاد السطر؟",
    "exercise.multi-head.hint": "قلب على key اللي عندو أكبر weight، و فين كاين من query.",
    "exercise.multi-head.mistake": "داك head كيشوف بلاصة أخرى.",
    "exercise.causal.ask": "الكلمة اللخرة كانت قبل. شمن token كيشوف head «what followed»؟",
    "exercise.causal.hint": "قلب على نفس الكلمة قبل، و خود token اللي موراها.",
    "exercise.cross.ask": "شمن token ف source كيشوف «{token}» كتر؟",
    "exercise.cross.hint": "هاد الـ heads كيقلبو على نفس الحروف ف نفس البلاصة.",
    "exercise.local-global.ask": (
        "Local attention ب window 2: شحال من token كيشوف token اللي ف الوسط؟"
    ),
    "exercise.local-global.hint": "الـ window 2 هي جوج tokens من كل جيهة؛ token كيشوف حتى راسو.",
    "exercise.local-global.two": "الـ window كتحسب كل جيهة: جوج قبل و جوج من بعد.",
    "exercise.local-global.four": "كل token كيشوف حتى راسو.",
    "exercise.limits.ask": "الـ text تزاد حتال جوج مرات. شحال من score خاصنا نحسبو؟",
    "exercise.limits.hint": "كل token كيشوف كل token: n × n.",
    "exercise.not-explanation.ask": "شنو كيبين أكبر weight ف هاد السطر؟",
    "exercise.not-explanation.hint": "كل weight كيڭول شحال كناخدو من value، و من شمن token.",
    "exercise.not-explanation.where": "فين كيشوف head",
    "exercise.not-explanation.why": "علاش كيقرر الموديل",
    "exercise.not-explanation.word": "شمن كلمة مهمة كتر",
    "exercise.not-explanation.mistake": (
        "واحد weight كبير ماشي سبب: حيد token و شوف الجواب (attnviz effect)."
    ),
    "err.no_exercise": "هاد الـ topic «{topic}» ماعندوش تمرين. هادو عندهم: {choices}.",
    "err.exercise_topic": "التمرين خاصو topic. عطي واحد، ولا all: attnviz explain all --exercise.",
    "err.picture_topic": (
        "التصويرة فيها topic واحد. عطي سميتو (attnviz explain softmax -o softmax.png)، ولا كتب "
        "page: lesson.html."
    ),
}

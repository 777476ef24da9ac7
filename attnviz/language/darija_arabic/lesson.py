"""The lesson, in Darija in Arabic letters."""

SENTENCES = {
    # The lesson
    "lesson.scores.example": (
        "هنا الـ query ديال الـ token «{query}» مع كل key؛ داكشي اللي ماباينش مجموع ف «others»."
    ),
    "lesson.scaling.without": (
        "بلا هاد القسمة، أكبر weight كان غادي يكون {without}؛ معاها هو {pct}. بلا scaling، الـ "
        "softmax كيعطي تقريبا كلشي ل token واحد."
    ),
    "lesson.merge": (
        "الـ outputs ديال {n_heads} كيتحطو حدا بعضياتهم، و الـ matrix W_O كتحولهم ل vector واحد."
    ),
    "lesson.translation": (
        "Translation: كل كلمة ف الـ target كتشوف الكلمات ديال الـ source (cross-attention)."
    ),
    "lesson.speech": "Speech: كل كلمة كتشوف الوقت فاش تڭالت؛ الـ keys هوما frames ديال الصوت.",
    "lesson.sound.frames": (
        "الصوت كيتقطع ل طراف صغار، 25 ف الثانية: كل طرف هو token اللي كيشوف خرين."
    ),
    "lesson.sound.heads": (
        "كاين head كيقلب على نفس الصوت، head آخر على شنو قريب ف الوقت، و خرين على فين كيبدا الصوت "
        "ولا على نفس الطبقة."
    ),
    "lesson.speech.lined": (
        "هنا حتى كلمة ما تعرفات: الكلمات مرتبين مع الصوت ب الطول ديالهم، ب السكات و ب البدية."
    ),
    "lesson.speech.path": (
        "موديل مدرب بحال Whisper كيكتب الكلمات ب راسو؛ طريق ف weights ديالو اللي عمرها ما كترجع "
        "اللور كتڭول فوقاش تڭالت كل كلمة."
    ),
    "lesson.strength.far": "كل token يقدر يشوف أي token آخر ف خطوة وحدة، واخا يكون بعيد.",
    "lesson.strength.parallel": (
        "الـ tokens كاملين كيتحسبو ف نفس الوقت: حتى واحد ماكيتسنى اللي قبل منو."
    ),
    "lesson.strength.heads": (
        "بزاف د heads كيشوفو بزاف د العلاقات ف نفس الوقت، و الـ weights نقدرو نشوفوهم."
    ),
    # Below a topic
    "lesson.try": "جرب:",
    "lesson.next": "من بعد:",
}

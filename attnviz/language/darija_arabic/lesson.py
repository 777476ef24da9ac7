"""The lesson, in Darija in Arabic letters."""

SENTENCES = {
    # The lesson
    "lesson.scores.example": (
        "هنا query ديال token «{query}» مع كل key؛ اللي ماباينش مجموع ف «others»."
    ),
    "lesson.scaling.without": (
        "بلا هاد القسمة أكبر weight يكون {without}؛ معاها هو {pct}. Scaling كيخلي softmax "
        "مايختارش دغيا."
    ),
    "lesson.merge": (
        "Outputs ديال {n_heads} كيتحطو حدا بعضياتهم، و matrix W_O كتحولهم ل vector واحد."
    ),
    "lesson.translation": (
        "Translation: كل كلمة ف target كتشوف الكلمات ديال source (cross attention)."
    ),
    "lesson.speech": "Speech: كل كلمة كتشوف الوقت فين تڭالت؛ keys هوما frames ديال الصوت.",
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
    "lesson.strength.far": "هاد token يقدر يشوف أي token آخر ف خطوة وحدة، واخا يكون بعيد.",
    "lesson.strength.parallel": (
        "هاد tokens كاملين كيتحسبو ف نفس الوقت: حتى واحد ماكيتسنى اللي قبل منو."
    ),
    "lesson.strength.heads": (
        "بزاف د heads كيشوفو بزاف د العلاقات ف نفس الوقت، و weights نقدرو نشوفوهم."
    ),
    # Below a topic
    "lesson.try": "جرب:",
    "lesson.next": "من بعد:",
}

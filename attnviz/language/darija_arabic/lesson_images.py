"""The lesson's topics on pictures, in Darija in Arabic letters."""

SENTENCES = {
    "lesson.ask.patches": "شنو هوما tokens ديال التصويرة؟",
    "lesson.ask.picture-heads": "علاش كيقلبو heads ف التصويرة؟",
    "lesson.ask.cls": "فين كتشوف التصويرة كاملة؟",
    "lesson.ask.image-tokens": "كيفاش موديل ديال اللغة كيشوف؟",
    "lesson.patches.cut": (
        "التصويرة كتتقطع ل مربعات صغار، patches: كل patch هي token اللي كيشوف خرين، و سميتها من"
        " السطر و column ديالها."
    ),
    "lesson.patches.row": (
        "هنا لتحت، patch وحدة كتقلب على اللون ديالها: اللي ليموني كتر عندو weight كتر."
    ),
    "lesson.picture.heads": (
        "كاين head كيقلب على نفس اللون، head آخر على شنو قريب، و خرين على الحاشية ولا على شنو "
        "باين كتر."
    ),
    "lesson.picture.constructed": (
        "هاد الـ heads مبنيين، باش نعرفو شنو كيدير كل واحد؛ موديل مدرب كيلقى ديالو ب راسو."
    ),
    "lesson.cls.one": (
        "كاين vision transformer عندو token واحد زايد على patches، [CLS]: السطر ديالو كيڭول من "
        "إينا patches تجمع vector ديال التصويرة كاملة."
    ),
    "lesson.cls.share": (
        "الـ weight اللي كيمشي ل [CLS] ولا ل registers ماكاينش ف حتى بلاصة ف التصويرة: كنڭولو "
        "شحال حداها."
    ),
    "lesson.cls.below": (
        "هنا ماكاينش موديل مدرب: ف بلاصة [CLS] ديالو، لتحت كاين شنو كتعطي patches كاملين ل كل "
        "patch."
    ),
    "lesson.image_tokens.among": (
        "عند موديل ديال اللغة، patches كيوليو tokens وسط الكلمات: كلمة كتشوف الكلمات و patches "
        "بحال بحال، و كل وحدة تمنها واحد."
    ),
    "lesson.image_tokens.below": (
        "هنا لتحت، كلمات ديال اللوان و البلايص كيشوفو تصويرة مرسومة؛ كلمة اللي ما كتڭول والو "
        "على التصويرة هي بحال بحال."
    ),
}

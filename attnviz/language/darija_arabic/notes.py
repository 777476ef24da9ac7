"""What is odd about a checkpoint, its inputs or given weights, in Darija in Arabic letters."""

SENTENCES = {
    "note.adapter": "كاين LoRA adapter حدا الـ weights ديال {name}، والاكن ما تحطش فيهم.",
    "note.own_code": (
        "الموديل {name} عندو code ديالو، و ما خدمناش بيه: اللي باين هو الموديل العادي ديال هاد "
        "الـ type."
    ),
    "note.unread": "الـ fields ديال {file} اللي ما تقراوش: {names}.",
    "note.whole": (
        "التصويرة عطيناها ل {model} كاملة، بلا parts مكبرين اللي كيزيد processor ديالو "
        "(do_image_splitting)."
    ),
    "note.unknown_one": "{model} ما كيعرفش هاد الـ token: {word}.",
    "note.unknown": "{model} ما كيعرفش {n} من الـ tokens: {word}.",
    "note.marks": "الـ text فيه {names}: الموديل كيقراه بلي هو mark ديال chat، ماشي كلمات.",
    "note.left_out": "الـ token اللخر، «{token}»، عمرو ما كان query: حيدناه.",
    "note.views": "الملف فيه {n} من views؛ هادا هو {name}.",
    "note.zero": "{n} سطور من {total} فيهم غير صفر، اللول ف {place}: هاد الـ query ما كيشوف والو.",
    "note.less": (
        "{n} سطور من {total} المجموع ديالهم قل من 1، حتال {value} ف {place}: الباقي خداه الـ "
        "sink، ولا تقطعو، ولا تقربو."
    ),
    "note.rounded": "المجموع ديال السطور كيوصل حتال {value}: الـ weights تقربو.",
}

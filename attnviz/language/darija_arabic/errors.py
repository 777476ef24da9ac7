"""What the user can put right, in Darija in Arabic letters."""

SENTENCES = {
    # What the user can put right
    "err.not_found": "مالقيناش الملف: {path}. شوف path مزيان و عاود جرب.",
    "err.empty": "الـ text خاوي. كتب على الأقل كلمة وحدة.",
    "err.too_long": (
        "الـ text طويل بزاف: {n_tokens}، و الحد هو {limit_tokens}. نقص منو ولا خدم ب {option}."
    ),
    "err.choice": "الختيار «{value}» ماصالحش ل {option}. ختار واحد من هادو: {choices}.",
    "err.range": "{what} {value} ماكاينش: ختار رقم من {min} حتال {max}.",
    "err.only": "{what} {value} ماكاينش: كاين غير {min}.",
    "err.no_token": "الـ token «{token}» ماكاينش ف الـ text.",
    "err.write": "ماقدرناش نكتبو {path}: {reason}",
    "err.needs": "هادشي خاصو {package}. أنسطاليه ب: {command}",
    "err.lang": "اللغة «{value}» ماكايناش. ختار وحدة من هادو: {choices}.",
    "err.other": "وقع شي غلط: {reason}",
    "err.empty_source": "الـ source خاوي. كتب على الأقل كلمة وحدة.",
    "err.twice": (
        "الـ token «{token}» كاين ف الـ text {n_times}. "
        "ختار واحد: {choices}، ولا position: {places}."
    ),
    "err.try": "جرب هادي: {command}",
    # A line that could not be read
    "err.command": "ماكاينش command {value}. ختار واحد من هادو: {choices}.",
    "err.option": "ماكاينش option {option}. شوف --help.",
    "err.option_near": "ماكاينش option {option}. القراب ليها: {choices}.",
    "err.needs_value": "{option} خاصها قيمة.",
    "err.no_value": "{option} ماكتاخد حتى قيمة.",
    "err.missing": "خاصة شي حاجة: {what}. شوف --help.",
    "err.not_number": "«{value}» ماشي رقم، و {option} خاصها رقم.",
    "err.not_between": "{value} ماصالحش ل {option}: {reason}.",
    "err.extra": "كلمات بزاف: {value}. حط text بين guillemets.",
    "err.invalid": "قيمة غالطة ديال {option}: {reason}",
    # What was asked for
    "err.no_text": "ماكاين حتى text. عطي text، ولا --file FILE، ولا - ديال standard input.",
    "err.both": "{what} و {value} تعطاو ب جوج. عطي غير واحد.",
    "err.nothing_to_compare": (
        "ماكاين ما يتقارن. عطي جوج texts، files، types، models، layers ولا heads: {option}."
    ),
    "err.several": "بزاف ديال {what} تعطاو. بدل غير حاجة وحدة ف المرة.",
    "err.not_a": "«{value}» ماشي {what}. عطي أرقام ({choices})، all، last ولا mean.",
    "err.no_folder": "ماكاينش دوسي {path}. شوف path مزيان؛ hub id كيتكتب user/name.",
    "err.needs_query": "{option} خاصها --query: --query it --key tired.",
}

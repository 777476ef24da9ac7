"""What the user can put right, in Darija in Arabic letters."""

SENTENCES = {
    # What the user can put right
    "err.not_found": "مالقيناش الملف: {path}. شوف path مزيان و عاود جرب.",
    "err.empty": "هاد text خاوي. كتب على الأقل كلمة وحدة.",
    "err.too_long": (
        "هاد text طويل بزاف: {n_tokens}، و الحد هو {limit_tokens}. نقص منو ولا خدم ب {option}."
    ),
    "err.choice": "هاد الختيار «{value}» ماصالحش ل {option}. ختار واحد من هادو: {choices}.",
    "err.range": "هاد {what} {value} ماكاينش: ختار رقم من {min} حتال {max}.",
    "err.no_token": "هاد token «{token}» ماكاينش ف text.",
    "err.exists": "الملف {path} كاين ديجا. زيد {option} باش تبدلو.",
    "err.write": "ماقدرناش نكتبو {path}: {reason}",
    "err.needs": "هادشي خاصو {package}. أنسطاليه ب: {command}",
    "err.lang": "هاد اللغة «{value}» ماكايناش. ختار وحدة من هادو: {choices}.",
    "err.other": "وقع شي غلط: {reason}",
    "err.empty_source": "هاد source خاوي. كتب على الأقل كلمة وحدة.",
    "err.twice": "هاد token «{token}» كاين ف text {n_times}. ختار واحد: {choices}.",
    "err.try": "جرب هادي: {command}",
}

"""What the user can put right of texts, pictures, sounds and files, in Darija in Arabic letters."""

SENTENCES = {
    "err.tensor_quantised": (
        "الـ tensor {name} ف {place} quantised ب {dtype}، و هادشي ماكنقراوهش. عطي ملف ديال "
        "واحد من هادو: {known}."
    ),
    "err.pickle_instruction": (
        "{place} pickle فيه instruction {name}، اللي ماكنتبعوهاش: كتصاوب objects ماشي tensors. "
        "سجل غير state dict ديال الموديل، ب safetensors إلا قدرتي."
    ),
    "err.holds_neither": (
        "{place} فيه {module}.{name}، اللي ماشي tensor و ماشي container عادي، و ماكنصاوبوهش: "
        "pickle يقدر يخدم code. سجل غير state dict ديال الموديل، ب safetensors إلا قدرتي."
    ),
    "err.holds_no": "{place} مافيهش tensors ب سمياتهم. عطي ملف فيه state dict ديال شي موديل.",
    "err.config_says": (
        "الـ config ديال {place} كتڭول بلي weights quantised ({method})، و حتى واحد ما "
        "quantised. عطي الـ config اللي تسجلو معاها weights."
    ),
    "err.layer_quantised": (
        "الـ layer {stem} ديال {place} quantised ({method}) ب شي طريقة ماكنقراوهاش: {reason}. "
        "عطي checkpoint الأصلي."
    ),
    "err.weights_quantised": (
        "الـ weights ديال {place} quantised ({method}): عطي الأصلي. كنقراو: {names}، و ملفات "
        "ديال GGUF."
    ),
    "err.samples_not": "الـ samples ما تأنسطالاوش. عاود أنسطالي attnviz.",
    "err.tensor_dtype": (
        "الـ tensor {name} ف {place} عندو dtype {dtype}. نقدرو نخدمو غير ب {names}: حول "
        "checkpoint قبل."
    ),
    "err.broken": "{place} خاسر: {why}. عاود تيليشارجي checkpoint ولا سجلو.",
    "err.folder_holds": (
        "الدوسي {place} مافيه لا تصاور لا أصوات. عطي ملفات ديال texts، ولا دوسي فيه {names}."
    ),
    "err.nothing_on_standard": "ماكاين والو ف standard input. صيفط ليه text ف كل سطر.",
    "err.line_not": (
        "{place}، سطر {number}، ماشي text ب UTF-8 (byte {start} هو 0x{line}). حول الملف ل UTF-8."
    ),
    "err.line_holds": (
        "{place}، سطر {number}، فيه حروف NUL. ماشي text، ولا text ب UTF-16: حولو ل UTF-8."
    ),
    "err.line_more": "{place}، سطر {number}، فيه كتر من {longest} حرف. عطي text ف كل سطر.",
    "err.no_columns": (
        "{place} مافيهش columns: كل سطر هو text. عطي table ({names})، ولا بلا column."
    ),
    "err.line_cannot": "{place}، سطر {line_num}، مايتقراش: {reason}. قاد الـ table.",
    "err.line_not_json": "{place}، سطر {number}، ماشي JSON: {reason}. كتب object ف كل سطر.",
    "err.line_neither": (
        '{place}، سطر {number}، ماشي object و ماشي text. كتب object ف كل سطر، بحال {{"text": "…"}}.'
    ),
    "err.reading_takes": (
        "باش نقراو {place} خاص pyarrow، و هو ما تأنسطالاش. دير: pip install 'attnviz[parquet]'."
    ),
    "err.cannot_read_parquet": "{place} مايتقراش ب Parquet: {value}. عاود كتبو.",
    "err.several_columns": (
        "{place} فيه بزاف ديال columns و حتى واحد ما سميتو text. ختار واحد ب column: {names}."
    ),
    "err.no_column": "{place} مافيهش column «{name}». فيه: {names}.",
    "err.text_not": "Text {number} ماشي text. عطي texts، ولا جوج texts جوج texts.",
    "err.folder_name_picture": "{place} دوسي. عطي تصويرة.",
    "err.not_picture": (
        "{place} ماشي تصويرة نقدرو نقراوها ({reason}). عطي ملف ب واحد من هاد الـ formats: {names}."
    ),
    "err.pixels": (
        "{place} فيها {width} × {height} pixels. جيهة تقدر تكون على الأكتر {longest_side} ديال "
        "المرات قد الخرى: قطعها."
    ),
    "err.too_many": "{place} فيها بزاف ديال pixels{size}: الحد هو {most_pixels}. صغرها.",
    "err.too_many_of": (
        "{place} فيها بزاف ديال pixels{size}: الحد ديال "
        "{kind} هو {most_pixels}. صغرها، ولا سجلها PNG."
    ),
    "err.fed_pixels": (
        "الـ model كيدخلو ليه {width} × {height} pixels من هاد "
        "التصويرة، والحد هو {most} × {most}. عطي تصويرة صغر، ولا قطعها."
    ),
    "err.folder_name_sound": "{place} دوسي. عطي صوت.",
    "err.samples_here": (
        "{place} فيه هنا {n} samples: قصر بزاف باش نسمعو شي حاجة. عطي 0.01 s ولا كتر."
    ),
    "err.holds_samples": "{place} فيه samples ماشي أرقام. عاود سجل الصوت.",
    "err.holds_samples_far": "{place} فيه samples كتر بزاف من الحد ديال الصوت. عاود سجل الصوت.",
    "err.not_sound": "{place} ماشي صوت نقدرو نقراوه. عطي ملف WAV، FLAC، OGG ولا MP3.",
    "err.seconds_more": "`{name}` هو {value} s. عطي 0 ولا كتر.",
    "err.part_from": "الـ part من {start} ل {end} s خاوي. `end` خاصها تكون من بعد `start`.",
    "err.wav_file": "{place} ملف WAV ما لقيناش فيه samples. الملف خاسر.",
    "err.cut_off": "{place} مقطوع قبل مايساليو samples. عاود نسخ الصوت.",
    "err.holds_samples_kind": (
        "{place} فيه samples ديال شي نوع ماكنقراوهش (format {kind}، {value} bits). كتبو WAV ب "
        "16 bits."
    ),
    "err.channels": "{place} فيه {channels} channels. كنقراو على الأكتر {most_channels}.",
    "err.samples_second": (
        "{place} فيه {rate} samples ف كل تانية. كنقراو من {lowest_rate} ل {highest_rate}."
    ),
    "err.holds_no_samples": "{place} مافيهش samples. عطي صوت فيه شي حاجة تسمعها.",
    "err.seconds_long": "{place} فيه {value} s، و الـ part كيبدا من {start}. ختار `start` قبل.",
    "err.seconds_here": (
        "{place} فيه هنا {value} s: الحد ف المرة هو {most_seconds}. ختار part ب `start` و `end`."
    ),
    "err.no_wav": (
        "{place} ماشي ملف WAV، و أصوات خرين خاصهم soundfile. أنسطاليه ب: pip install "
        '"attnviz[audio]"؛ ولا حول الملف ل WAV.'
    ),
    "err.text_bytes": "الـ text فيه {n} bytes، و الحد هو {largest_text}. عطي جزء منو.",
    "err.tokenizer_cut": "الـ tokenizer ما خرج حتى token من {what}. جرب text ولا tokenizer آخر.",
    "err.tokenizer_takes": (
        "{place} غادي ياخد تقريبا {taken} ملي يتحل، و نقدرو نخدمو ب {most}. عطي tokenizer آخر، ولا "
        "`max_memory` {needed}."
    ),
    "err.not_tokenizer": (
        "{place} ماشي tokenizer نقدرو نخدمو بيه: {reason}. عطي tokenizer.json اللي كتبات "
        "library tokenizers ديال Hugging Face."
    ),
    "err.no_token_ids": "ماكاين حتى token id. عطي على الأقل واحد.",
    "err.token_ids": "الـ token ids هوما {ids}. عطي أرقام صحاح من 0 ل فوق.",
    "err.characters_most": (
        "الـ {what} فيه {n} حرف، و الحد هو {largest_text}. عطي جزء منو، ولا خدم ب survey ل "
        "بزاف ديال texts قصار."
    ),
    "err.broken_character": (
        "الـ {what} فيه حرف خاسر ({text}) ف الـ position {start}: ماشي Unicode صحيح. كتب الـ "
        "text ب UTF-8."
    ),
    "err.no_token_positions": "ماكاينش token {name}. الـ positions من 0 ل {value}.",
}

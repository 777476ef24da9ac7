"""What the user can put right of the command line and its commands, in Darija in Arabic letters."""

SENTENCES = {
    "err.word_command": "كاينة كلمة ف command ماشي Unicode صحيح. كتب ب UTF-8.",
    "err.not_enough": "الـ memory ماكافياش. خدم ب text قصر ولا heads أقل.",
    "err.folder_you": "الدوسي اللي نتا فيه تمسح. سير ل واحد آخر: cd ~.",
    "err.operating_system": "سيستيم ڭالت لينا: {reason}.",
    "err.needs_trained": (
        "{what} خاصها موديل trained: heads built-in ماكيكتبو والو. عطي `model`: {names}، ولا "
        "دوسي. بلا موديل، {instead}"
    ),
    "err.does_not": "{model} ({family}) ماكيكتبش على تصاور. جرب {names}.",
    "err.two_surveys": "جوج surveys كيتقارنو ب JSON، ماشي ب CSV. خدم ب --json.",
    "err.survey_compared": (
        "الـ survey كيتقارن مع survey آخر، و --sort ديال surveys. عطي جوج ملفات اللي كتب "
        "attnviz survey."
    ),
    "err.tolerance_compares": "--tolerance كيقارن جوج records، و هنا كاينين {n}. عطي جوج.",
    "err.does_not_apply": "{value} ماكتخدمش مع checkpoint. عندو heads و masks ديالو.",
    "err.global_tokens": "--global-tokens ماكتخدمش مع {model}. هي ديال Longformer.",
    "err.length_cannot": "الطول {number} مايقدرش يتحسب. عطي شحال من token، من 1 ل {longest}.",
    "err.lengths_given": "تعطاو {n} lengths. الحد هو {most_lengths}.",
    "err.position_no": (
        "الـ position {found} ماكايناش ف text ديال {n_tokens}. الـ positions من 0 ل {value}."
    ),
    "err.not": "«{digits}» ماشي {what}. عطي أرقام صحاح و بيناتهم comma: {example}.",
    "err.must_from": "{option} هو {number}. خاص يكون من 1 ل {most}.",
    "err.seconds": "--seconds هو {seconds}. خاص يكون كبر من 0، و على الأكتر {most_seconds}.",
    "err.not_edge": "«{wanted}» ماشي edge. كتب query>key، بحال «it>cat».",
    "err.explorer_shows": "Explorer كيبين head واحد ف المرة. عطي --layer واحد و --head واحد.",
    "err.does_not_apply_saved": (
        "--{value} ماكتخدمش مع record اللي تسجل: ماكاينش موديل. حيدها، ولا عطي text."
    ),
    "err.explore_needs": (
        "explore خاصو terminal، و {missing} ماشي terminal. خدم ب attnviz run، ولا attnviz view "
        "ل record اللي تسجل."
    ),
    "err.no_terminal": "ماكاينش terminal باش نقراو keys منو. خدم ب attnviz run.",
    "err.each_line": "--each-line كتقرا texts، و تعطات تصويرة. حيد وحدة.",
    "err.each_line_writes": (
        "--each-line كتكتب ف standard output، و تعطات حتى --output. حيد --output، و صيفط "
        "standard output ل ملف."
    ),
    "err.top": "--top هو {top}. خاص يكون 1 ولا كتر.",
    "err.random_probe": "--random ديال --probe و --check. عطي وحدة منهم حتى هي.",
    "err.reference_effect": "--reference ديال --effect. عطيهم ب جوج، ولا حتى وحدة.",
    "err.effect_takes": (
        "--effect كتحيد heads ديال checkpoint، و هاد الـ heads ماشي ديال checkpoint. ختار "
        "checkpoint، ولا حيد --effect."
    ),
    "err.nothing_verify": "ماكاين ما نتشيكيو. عطي سمية ديال checkpoint.",
    "err.built_heads": (
        "الـ heads built-in ماكيعرفو حتى كلمة: transcript خاصو موديل اللي كيسمع. عطي --model، "
        "بحال openai/whisper-tiny؛ `attnviz run TEXT --audio FILE` كيوافق text ب الطول."
    ),
    "err.nothing_written_down": "ماكاين والو مكتوب: ماكايناش تصويرة. سجل .json.",
    "err.sort_top": "--sort و --top ديال surveys، و هادا ماشي survey. حيدهم.",
    "err.head_both": "{names} و --head {head} ب جوج كيڭولو أينا heads. عطي غير واحد.",
    "err.no_mean": "ماكاينش mean ديال layers. عطي واحد، شي شحال (0-3)، ولا all.",
    "err.several_layers": (
        "تعطاو بزاف ديال layers و heads. عطي كل head مع layer ديالو: `head` 0.1,3.2."
    ),
    "err.each_line_reads": (
        "--each-line كتقرا text من كل سطر، و تعطى text آخر. حيد --ids و --source."
    ),
    "err.no_line": "ماكاين حتى سطر باش نقراوه. عطي على الأقل واحد ماشي خاوي.",
    "err.no_text_file": "ماكاين حتى text. عطي --file FILE، ولا - ديال standard input.",
    "err.given_twice": "`{what}` تعطات جوج مرات، و كنقراو غير وحدة. عطي وحدة.",
    "err.start_end": "--start و --end ديال --audio. عطي صوت، ولا حيدهم ب جوج.",
    "err.option_takes": "كاينة option خاصها ليستة، و هي خاوية. عطي قيمة ولا كتر.",
    "err.not_token": "«{wrong}» ماشي token id. عطي أرقام صحاح: {option} 101,7592,102.",
    "err.input_file": "{place} هو الملف اللي كنقراو. كتب ف ملف آخر.",
    "err.probe_makes": "الـ probe كيصاوب texts ديالو ب راسو. حيد الـ text، ولا عطي جمل ب --file.",
    "err.no_place": "{option} ماعندها ما دير ف probe. حيد {option}.",
    "err.folder": "{place} دوسي. عطي ملف ديال text ولا record اللي تسجل.",
    "err.named_saved": (
        "{place} عندو سمية ديال record ولا weights، ماشي ديال text. شوفو ب attnviz view {place}."
    ),
    "err.folder_name": "{option} {place} دوسي. عطي ملف ديال text.",
    "err.cannot_read": "ماقدرناش نقراو {place}: {reason}.",
    "err.nothing_on": "ماكاين والو ف standard input. صيفط text ل هاد الـ command ب pipe.",
    "err.larger_than": (
        "{name} كبر من {most} bytes، و هادا الحد ديال text. عطي جزء منو، ولا خدم ب survey ل "
        "بزاف ديال texts قصار."
    ),
    "err.two_surveys_compared": "كنقارنو جوج surveys، و تعطاو {n}. عطي جوج.",
    "err.not_utf8": "{name} ماشي text ب UTF-8 (byte {start} هو 0x{byte}). {todo}",
    "err.nul": "{name} ماشي text (byte {start} هو NUL). {todo}",
    "err.no_token_near": "الـ token «{token}» ماكاينش ف الـ text. القراب ليه: {tokens}.",
    "err.named_picture": "{place} سميتها ديال تصويرة، ماشي ديال text. عطيها ب --image.",
    "err.named_sound": "{place} سميتها ديال صوت، ماشي ديال text. عطيها ب --audio.",
}

"""What the user can put right of the command line and its commands, in Darija in Latin letters."""

SENTENCES = {
    "err.word_command": "Kayna kelma f command machi Unicode s7i7. Kteb b UTF-8.",
    "err.not_enough": "Memory makafyach. Khdem b text 9ser wla heads 9ell.",
    "err.folder_you": "Dossier li nta fih tms7. Sir l wa7ed akhor: cd ~.",
    "err.operating_system": "System galna: {reason}.",
    "err.needs_trained": (
        "{what} khassha model trained: heads built-in makayketbo walo. 3ti `model`: {names}, "
        "wla dossier. Bla model, {instead}"
    ),
    "err.does_not": "{model} ({family}) makayktebch 3la tsawer. Jerreb {names}.",
    "err.two_surveys": "Jouj surveys kayt9arno b JSON, machi b CSV. Khdem b --json.",
    "err.survey_compared": (
        "Survey kayt9aren m3a survey akhor, w --sort dial surveys. 3ti jouj files li kteb "
        "attnviz survey."
    ),
    "err.tolerance_compares": "--tolerance kay9aren jouj records, w hna kaynin {n}. 3ti jouj.",
    "err.does_not_apply": "{value} makatkhdemch m3a checkpoint. 3ndo heads w masks dialo.",
    "err.global_tokens": "--global-tokens makatkhdemch m3a {model}. Hiyya dial Longformer.",
    "err.length_cannot": "Ttoul {number} may9derch yt7seb. 3ti ch7al mn token, mn 1 l {longest}.",
    "err.lengths_given": "T3taw {n} lengths. L7edd howa {most_lengths}.",
    "err.position_no": (
        "Position {found} makaynach f text dial {n_tokens}. Positions mn 0 l {value}."
    ),
    "err.not": '"{digits}" machi {what}. 3ti ar9am s7a7 w binathom comma: {example}.',
    "err.must_from": "{option} howa {number}. Khass ykoun mn 1 l {most}.",
    "err.seconds": "--seconds howa {seconds}. Khass ykoun kber mn 0, w 3la l2aktar {most_seconds}.",
    "err.not_edge": '"{wanted}" machi edge. Kteb query>key, b7al "it>cat".',
    "err.explorer_shows": (
        "Explorer kaybeyyen head wa7ed f lmerra. 3ti --layer wa7ed w --head wa7ed."
    ),
    "err.does_not_apply_saved": (
        "--{value} makatkhdemch m3a record li tsejjel: makaynch model. 7eyydha, wla 3ti text."
    ),
    "err.explore_needs": (
        "explore khasso terminal, w {missing} machi terminal. Khdem b attnviz run, wla attnviz "
        "view l record li tsejjel."
    ),
    "err.no_terminal": "Makaynch terminal bach n9raw keys mnno. Khdem b attnviz run.",
    "err.each_line": "--each-line kat9ra texts, w t3tat tswira. 7eyyed wa7da.",
    "err.each_line_writes": (
        "--each-line katkteb f standard output, w t3tat 7ta --output. 7eyyed --output, w sift "
        "standard output l file."
    ),
    "err.top": "--top howa {top}. Khass ykoun 1 wla kter.",
    "err.random_probe": "--random dial --probe w --check. 3ti wa7da mnhom 7ta hiyya.",
    "err.reference_effect": "--reference dial --effect. 3tihom b jouj, wla 7ta wa7da.",
    "err.effect_takes": (
        "--effect kat7eyyed heads dial checkpoint, w had lheads machi dial checkpoint. Khtar "
        "checkpoint, wla 7eyyed --effect."
    ),
    "err.nothing_verify": "Makayn ma ntchekkiw. 3ti smiya dial checkpoint.",
    "err.built_heads": (
        "Heads built-in makay3erfo 7ta kelma: transcript khasso model li kaysme3. 3ti --model, "
        "b7al openai/whisper-tiny; `attnviz run TEXT --audio FILE` kaywafe9 text b ttoul."
    ),
    "err.nothing_written_down": "Makayn walo mktoub: makaynach tswira. Sejjel .json.",
    "err.sort_top": "--sort w --top dial surveys, w hada machi survey. 7eyydhom.",
    "err.head_both": "{names} w --head {head} b jouj kay9olo ina heads. 3ti ghir wa7ed.",
    "err.no_mean": "Makaynch mean dial layers. 3ti wa7ed, chi ch7al (0-3), wla all.",
    "err.several_layers": (
        "T3taw bezzaf dial layers w heads. 3ti kul head m3a layer dialo: `head` 0.1,3.2."
    ),
    "err.each_line_reads": (
        "--each-line kat9ra text mn kul ster, w t3ta text akhor. 7eyyed --ids w --source."
    ),
    "err.no_line": "Makayn 7ta ster bach n9rawh. 3ti 3la l2a9all wa7ed machi khawi.",
    "err.no_text_file": "Makayn 7ta text. 3ti --file FILE, wla - dial standard input.",
    "err.given_twice": "`{what}` t3tat jouj merrat, w kan9raw ghir wa7da. 3ti wa7da.",
    "err.start_end": "--start w --end dial --audio. 3ti sout, wla 7eyydhom b jouj.",
    "err.option_takes": "Kayna option khassha lista, w hiyya khawya. 3ti 9ima wla kter.",
    "err.not_token": '"{wrong}" machi token id. 3ti ar9am s7a7: {option} 101,7592,102.',
    "err.input_file": "{place} howa l file li kan9raw. Kteb f file akhor.",
    "err.probe_makes": "Probe kaysaweb texts dialo b rasso. 7eyyed text, wla 3ti jomal b --file.",
    "err.no_place": "{option} ma3ndha madir f probe. 7eyyed {option}.",
    "err.folder": "{place} dossier. 3ti file dial text wla record li tsejjel.",
    "err.named_saved": (
        "{place} 3ndo smiya dial record wla weights, machi dial text. Choufo b attnviz view "
        "{place}."
    ),
    "err.folder_name": "{option} {place} dossier. 3ti file dial text.",
    "err.cannot_read": "Ma9dernach n9raw {place}: {reason}.",
    "err.nothing_on": "Makayn walo f standard input. Sift text l had lcommand b pipe.",
    "err.larger_than": (
        "{name} kber mn {most} bytes, w hada l7edd dial text. 3ti part mnno, wla khdem b "
        "survey l bezzaf dial texts 9sar."
    ),
    "err.two_surveys_compared": "Kan9arno jouj surveys, w t3taw {n}. 3ti jouj.",
    "err.not_utf8": "{name} machi text b UTF-8 (byte {start} howa 0x{byte}). {todo}",
    "err.nul": "{name} machi text (byte {start} howa NUL). {todo}",
    "err.no_token_near": 'Token "{token}" makaynch f text. L9rab lih: {tokens}.',
    "err.named_picture": "{place} smiytha dial tswira, machi dial text. 3tiha b --image.",
    "err.named_sound": "{place} smiytha dial sout, machi dial text. 3tiha b --audio.",
}

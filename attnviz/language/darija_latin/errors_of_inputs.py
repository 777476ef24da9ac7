"""What the user can put right of texts, pictures, sounds and files, in Darija in Latin letters."""

SENTENCES = {
    "err.tensor_quantised": (
        "Tensor {name} f {place} quantised b {dtype}, w hadchi makan9rawhch. 3ti file dial "
        "wa7ed mn hado: {known}."
    ),
    "err.pickle_instruction": (
        "{place} pickle fih instruction {name}, li makantb3ouhach: katsaweb objects machi "
        "tensors. Sejjel ghir state dict dial model, b safetensors ila 9derti."
    ),
    "err.holds_neither": (
        "{place} fih {module}.{name}, li machi tensor w machi container 3adi, w "
        "makansawbouhch: pickle y9der ykhddem code. Sejjel ghir state dict dial model, b "
        "safetensors ila 9derti."
    ),
    "err.holds_no": "{place} mafihch tensors b smiyathom. 3ti file fih state dict dial chi model.",
    "err.config_says": (
        "Config dial {place} kat9oul bli weights quantised ({method}), w 7ta wa7ed ma "
        "quantised. 3ti config li tsejjlo m3aha weights."
    ),
    "err.layer_quantised": (
        "Layer {stem} dial {place} quantised ({method}) b chi tari9a makan9rawhach: {reason}. "
        "3ti checkpoint l2asli."
    ),
    "err.weights_quantised": (
        "Weights dial {place} quantised ({method}): 3ti l2asli. Kan9raw: {names}, w files dial "
        "GGUF."
    ),
    "err.samples_not": "Samples ma installiwch. 3awd installi attnviz.",
    "err.tensor_dtype": (
        "Tensor {name} f {place} 3ndo dtype {dtype}. N9edro nkhedmo ghir b {names}: converti "
        "checkpoint 9bel."
    ),
    "err.broken": "{place} khaser: {why}. 3awd telechargi checkpoint wla sejjlo.",
    "err.folder_holds": (
        "Dossier {place} mafih la tsawer la aswat. 3ti files dial texts, wla dossier fih {names}."
    ),
    "err.nothing_on_standard": "Makayn walo f standard input. Sift lih text f kul ster.",
    "err.line_not": (
        "{place}, ster {number}, machi text b UTF-8 (byte {start} howa 0x{line}). Converti l "
        "file l UTF-8."
    ),
    "err.line_holds": (
        "{place}, ster {number}, fih 7orouf NUL. Machi text, wla text b UTF-16: convertih l UTF-8."
    ),
    "err.line_more": "{place}, ster {number}, fih kter mn {longest} 7erf. 3ti text f kul ster.",
    "err.no_columns": (
        "{place} mafihch columns: kul ster howa text. 3ti table ({names}), wla bla column."
    ),
    "err.line_cannot": "{place}, ster {line_num}, mayt9rach: {reason}. 9ad table.",
    "err.line_not_json": "{place}, ster {number}, machi JSON: {reason}. Kteb object f kul ster.",
    "err.line_neither": (
        "{place}, ster {number}, machi object w machi text. Kteb object f kul ster, b7al "
        '{{"text": "…"}}.'
    ),
    "err.reading_takes": (
        "Bach n9raw {place} khass pyarrow, w howa ma installich. Dir: pip install "
        "'attnviz[parquet]'."
    ),
    "err.cannot_read_parquet": "{place} mayt9rach b Parquet: {value}. 3awd ktbo.",
    "err.several_columns": (
        "{place} fih bezzaf dial columns w 7ta wa7ed ma smito text. Khtar wa7ed b column: {names}."
    ),
    "err.no_column": '{place} mafihch column "{name}". Fih: {names}.',
    "err.text_not": "Text {number} machi text. 3ti texts, wla jouj texts jouj texts.",
    "err.folder_name_picture": "{place} dossier. 3ti tswira.",
    "err.not_picture": (
        "{place} machi tswira n9edro n9rawha ({reason}). 3ti file b wa7ed mn had lformats: {names}."
    ),
    "err.pixels": (
        "{place} fiha {width} × {height} pixels. Jiha t9der tkoun 3la l2aktar {longest_side} "
        "dial lmerrat 9ed lkhra: 9te3ha."
    ),
    "err.too_many": "{place} fiha bezzaf dial pixels{size}: l7edd howa {most_pixels}. Sgherha.",
    "err.too_many_of": (
        "{place} fiha bezzaf dial pixels{size}: l7edd dial "
        "{kind} howa {most_pixels}. Sgherha, wla sejjelha PNG."
    ),
    "err.fed_pixels": (
        "L model kaydkhlo lih {width} × {height} pixels mn had "
        "tswira, w l7edd howa {most} × {most}. 3ti tswira sgher, wla 9te3ha."
    ),
    "err.folder_name_sound": "{place} dossier. 3ti sout.",
    "err.samples_here": (
        "{place} fih hna {n} samples: 9ser bezzaf bach nsm3o chi 7aja. 3ti 0.01 s wla kter."
    ),
    "err.holds_samples": "{place} fih samples machi ar9am. 3awd sejjel sout.",
    "err.holds_samples_far": (
        "{place} fih samples kter bezzaf mn l7edd dial sout. 3awd sejjel sout."
    ),
    "err.not_sound": "{place} machi sout n9edro n9rawh. 3ti file WAV, FLAC, OGG wla MP3.",
    "err.seconds_more": "`{name}` howa {value} s. 3ti 0 wla kter.",
    "err.part_from": "Part mn {start} l {end} s khawi. `end` khassha tkoun mn b3d `start`.",
    "err.wav_file": "{place} file WAV ma l9inach fih samples. L file khaser.",
    "err.cut_off": "{place} m9tou3 9bel maysaliw samples. 3awd copier sout.",
    "err.holds_samples_kind": (
        "{place} fih samples dial chi now3 makan9rawhch (format {kind}, {value} bits). Ktbo "
        "WAV b 16 bits."
    ),
    "err.channels": "{place} fih {channels} channels. Kan9raw 3la l2aktar {most_channels}.",
    "err.samples_second": (
        "{place} fih {rate} samples f kul tanya. Kan9raw mn {lowest_rate} l {highest_rate}."
    ),
    "err.holds_no_samples": "{place} mafihch samples. 3ti sout fih chi 7aja tsm3ha.",
    "err.seconds_long": "{place} fih {value} s, w part kaybda mn {start}. Khtar `start` 9bel.",
    "err.seconds_here": (
        "{place} fih hna {value} s: l7edd f lmerra howa {most_seconds}. Khtar part b `start` w "
        "`end`."
    ),
    "err.no_wav": (
        "{place} machi file WAV, w aswat okhrin khasshom soundfile. Installih b: pip install "
        '"attnviz[audio]"; wla converti l file l WAV.'
    ),
    "err.text_bytes": "Text fih {n} bytes, w l7edd howa {largest_text}. 3ti part mnno.",
    "err.tokenizer_cut": (
        "Tokenizer ma khrrej 7ta token mn {what}. Jerreb text wla tokenizer akhor."
    ),
    "err.tokenizer_takes": (
        "{place} ghadi yakhod ta9riban {taken} melli yt7ell, w n9edro nkhedmo b {most}. 3ti "
        "tokenizer akhor, wla `max_memory` {needed}."
    ),
    "err.not_tokenizer": (
        "{place} machi tokenizer n9edro nkhedmo bih: {reason}. 3ti tokenizer.json li ktbat "
        "library tokenizers dial Hugging Face."
    ),
    "err.no_token_ids": "Makayn 7ta token id. 3ti 3la l2a9all wa7ed.",
    "err.token_ids": "Token ids homa {ids}. 3ti ar9am s7a7 mn 0 l foug.",
    "err.characters_most": (
        "{what} fih {n} 7erf, w l7edd howa {largest_text}. 3ti part mnno, wla khdem b survey "
        "l bezzaf dial texts 9sar."
    ),
    "err.broken_character": (
        "{what} fih 7erf khaser ({text}) f position {start}: Machi Unicode s7i7. Kteb text b UTF-8."
    ),
    "err.no_token_positions": "Makaynch token {name}. Positions mn 0 l {value}.",
}

"""What the user can put right, in Darija in Latin letters."""

SENTENCES = {
    # What the user can put right
    "err.not_found": "Mal9inach l file: {path}. Chouf path mzyan w 3awd jerreb.",
    "err.empty": "Text khawi. Kteb 3la l2a9all kelma wa7da.",
    "err.too_long": (
        "Text twil bezzaf: {n_tokens}, w l7edd howa {limit_tokens}. N99es mnno wla khdem b "
        "{option}."
    ),
    "err.choice": 'Khtiyar "{value}" masale7ch l {option}. Khtar wa7ed mn hado: {choices}.',
    "err.range": "{what} {value} makaynch: khtar ra9m mn {min} l {max}.",
    "err.only": "{what} {value} makaynch: kayn ghir {min}.",
    "err.no_token": 'Token "{token}" makaynch f text.',
    "err.write": "Ma9dernach nketbo {path}: {reason}",
    "err.needs": "Hadchi khasso {package}. Installih b: {command}",
    "err.lang": 'Llougha "{value}" makaynach. Khtar wa7da mn hado: {choices}.',
    "err.other": "W9e3 chi ghalat: {reason}",
    "err.empty_source": "Source khawi. Kteb 3la l2a9all kelma wa7da.",
    "err.twice": (
        'Token "{token}" kayn f text {n_times}. Khtar wa7ed: {choices}, wla position: {places}.'
    ),
    "err.try": "Jerreb hadi: {command}",
    # A line that could not be read
    "err.command": "Makaynch command {value}. Khtar wa7ed mn hado: {choices}.",
    "err.option": "Makaynch option {option}. Chouf --help.",
    "err.option_near": "Makaynch option {option}. L9rab liha: {choices}.",
    "err.needs_value": "{option} khassha 9ima.",
    "err.no_value": "{option} makatakhod 7ta 9ima.",
    "err.missing": "Khassa chi 7aja: {what}. Chouf --help.",
    "err.not_number": '"{value}" machi ra9m, w {option} khassha ra9m.',
    "err.not_between": "{value} masale7ch l {option}: {reason}.",
    "err.extra": "Kelmat bezzaf: {value}. 7ett text bin guillemets.",
    "err.invalid": "9ima ghalta dial {option}: {reason}",
    # What was asked for
    "err.no_text": "Makayn 7ta text. 3ti text, wla --file FILE, wla - dial standard input.",
    "err.both": "{what} w {value} t3taw b jouj. 3ti ghir wa7ed.",
    "err.nothing_to_compare": (
        "Makayn ma yt9aren. 3ti jouj texts, files, types, models, layers wla heads: {option}."
    ),
    "err.several": "Bezzaf dial {what} t3taw. Beddel ghir 7aja wa7da f lmerra.",
    "err.not_a": '"{value}" machi {what}. 3ti ar9am ({choices}), all, last wla mean.',
    "err.no_folder": "Makaynch dossier {path}. Chouf path mzyan; hub id kaytkteb user/name.",
    "err.needs_query": "{option} khassha --query: --query it --key tired.",
}

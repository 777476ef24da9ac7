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
    "err.range": "{what} {value} makaynch: khtar ra9m mn {min} 7tal {max}.",
    "err.no_token": 'Token "{token}" makaynch f text.',
    "err.exists": "L file {path} deja kayn. Zid {option} bach tbeddlo.",
    "err.write": "Ma9dernach nketbo {path}: {reason}",
    "err.needs": "Hadchi khasso {package}. Installih b: {command}",
    "err.lang": 'Llougha "{value}" makaynach. Khtar wa7da mn hado: {choices}.',
    "err.other": "W9e3 chi ghalat: {reason}",
    "err.empty_source": "Source khawi. Kteb 3la l2a9all kelma wa7da.",
    "err.twice": 'Token "{token}" kayn f text {n_times}. Khtar wa7ed: {choices}.',
    "err.try": "Jerreb hadi: {command}",
}

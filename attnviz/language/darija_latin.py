"""Moroccan Darija in Latin letters: the sentences, and the nouns that are counted.

The register is everyday Darija around English terms of machine learning, as in the
"AI with Darija" blog. Five sentences are the blog's own (concept.*) and keep its spelling.
"""

from __future__ import annotations

from functools import partial

from attnviz.language.darija import count
from attnviz.language.english import ENGLISH
from attnviz.language.language import Example, Language

# One of it (with its "one", which agrees in gender), several of it.
NOUNS = {
    "token": ("token", "wa7ed", "tokens"),
    "head": ("head", "wa7ed", "heads"),
    "layer": ("layer", "wa7ed", "layers"),
    "score": ("score", "wa7ed", "scores"),
    "word": ("kelma", "wa7da", "kelmat"),
    "time": ("merra", "wa7da", "merrat"),
    "key": ("key", "wa7ed", "keys"),
}

SENTENCES = {
    # What attention is
    "concept.attention": "Attention hiyya tariqa kats3ed model ychouf l parts l mohimmin f input.",
    "concept.relevance": "Kul token kay7seb relevance dial tokens okhrin w kay3ti weights.",
    "concept.query": "Query bach n3rf shno bghina.",
    "concept.key": "Key bach n3rf shno kay3ti token.",
    "concept.value": "Value bach n9addo info.",
    "step.score": (
        "Score kaybeyyen ch7al query w key 9rab lb3diyathom: howa dot product dial had jouj "
        "vectors."
    ),
    "step.scale": "Kan9esmo kul score 3la {scale_expr} bach scores maywelliwch kbar bezzaf.",
    "step.softmax": (
        "Scores kayt7awlo l weights b softmax: kul weight bin 0 w 1, w lmajmou3 dial kul ster "
        "howa 1."
    ),
    "step.sum": "Kandrbo weights f values w kanjem3o kolchi: hada howa output dial token.",
    "step.multihead": (
        "Multi-head: {n_heads} kaykhedmo f nefs lwe9t, w kul head y9der ychouf 3ala9a mkhtalfa."
    ),
    "type.self": (
        "Self attention: kul token kaychouf tokens dial nefs ljomla, w kaychouf 7ta rasso."
    ),
    "type.causal": (
        "Causal attention (b mask): token kaychouf ghir rasso w tokens li 9bel mnno; li jay "
        "mn b3d mkhebbi."
    ),
    "type.cross": (
        "Cross attention: queries jayin mn text, w keys w values jayin mn text akhor; kul "
        "token f target kaychouf tokens dial source."
    ),
    "type.local": (
        "Local attention: kul token kaychouf ghir tokens li 7dah: {n_tokens} mn kul jiha."
    ),
    "type.global": (
        "Global attention: tokens li khtarina kaychoufo tokens kamlin, w tokens kamlin "
        "kaychoufohom. Li khtarina: {tokens}."
    ),
    # How to read a heatmap
    "heatmap.read": (
        "Kif t9ra heatmap: kul ster (row) howa query (token li kaychouf), kul column howa key "
        "(token li kaytchaf)."
    ),
    "heatmap.color": "Lloun li mdowwi kter kay3ni weight kbir kter.",
    "heatmap.rowsum": "Lmajmou3 dial kul ster howa 1 ({pct}).",
    "heatmap.mean": "Had tswira hiyya lmo3ddal dial {n_heads}; head bo7do y9der ykoun mkhtalef.",
    "limit.explain": (
        "Redd lbal: attention weights kaybeyyno fin kaychouf model, machi 3lach khda l9arar. "
        "Weight kbir machi dalil bli token mohim."
    ),
    "limit.demo": (
        "Had weights jayin mn model sghir dial demo b values random: kaybeyyno kifach "
        "kan7esbo, machi shno t3ellem model."
    ),
    "limit.units": ("Hna weights dial tokens majmou3in: fin kaynin tokens kter, weight kbir kter."),
    "limit.constructed": (
        "Had heads constructed, machi trained: kul head 3ndo matrices bach ychouf 7aja wa7da "
        "li khtarina."
    ),
    # What the weights of one query show
    "find.aside": "{pct} mn weight kaymchi l {tokens}: hna ma7sebnahch.",
    "find.first": '"{query}" kaychouf lowel f "{key}": {pct} mn weight, mn {left} li b9at.',
    "find.top": 'Token "{query}" kay3ti {pct} mn weight dialo l "{key}".',
    "find.self": 'Token "{query}" kaykhelli {pct} mn weight dialo l rasso.',
    "find.topk": 'Akbar weights dial token "{query}": {items}.',
    "find.tie": 'Token "{query}" kay3ti nefs weight l {tokens} ({pct} l kul wa7ed).',
    "find.flat": 'Token "{query}" ma3ndo 7ta key bayn kter mn okhrin: akbar weight ghir {pct}.',
    "find.focus": (
        'Token li mrekkez kter howa "{query}" (entropy {entropy}); li mwezze3 kter howa '
        '"{other}" (entropy {other_entropy}).'
    ),
    "find.received": 'Token "{key}" kayakhod akbar weight: {pct} f lmo3ddal.',
    "unit.top": 'Mn "{query}", {pct} mn weight kaymchi l "{key}".',
    "unit.topk": 'Akbar weights dial "{query}": {items}.',
    "unit.self": 'Mn "{query}", {pct} mn weight kayb9a tmma.',
    # What heads look at
    "head.prev": (
        "F head {head}, kul token kaychouf ghaliban token li 9bel mnno ({pct} f lmo3ddal)."
    ),
    "head.next": "F head {head}, kul token kaychouf ghaliban token li morah ({pct} f lmo3ddal).",
    "head.self": "F head {head}, kul token kaychouf ghaliban rasso ({pct} f lmo3ddal).",
    "head.sink": (
        'F head {head}, {pct} mn weight kaymchi l token lowel "{token}". Hadchi kaytsemma '
        '"attention sink": model kay7ett tmma weight li mam7tajch lih.'
    ),
    "head.flat": (
        "Head {head} kaywezze3 weight t9riban gedged 3la tokens kamlin (entropy {entropy} mn "
        "{max_entropy})."
    ),
    "head.sharp": (
        "Head {head} mrekkez: akbar weight f kul ster howa {pct} f lmo3ddal (entropy "
        "{entropy} mn {max_entropy})."
    ),
    "head.alike": (
        "Heads {a} w {b} mtchabhin kter (similarity {sim}); heads {c} w {d} mkhtalfin kter."
    ),
    "spread.entropy": (
        "Entropy katbeyyen ch7al weights mwezz3in: 0 kay3ni kolchi 3la token wa7ed, "
        "{max_entropy} kay3ni gedged 3la {n_tokens}."
    ),
    "dist.mean": "Lmasafa f lmo3ddal bin query w key: {distance} token.",
    "dist.near": "{pct} mn weight kayb9a 9rib mn query ({n_tokens} wla 9ell); lba9i kaymchi b3id.",
    # What a type of attention costs and shows
    "cost.local": (
        "Local attention b window {window} kat7seb {done} mn {total_scores}: 9ell b {pct}."
    ),
    "cost.global": "Global tokens kayzido {extra_scores}: f lmajmou3 {done} mn {total_scores}.",
    "cost.full": (
        "Attention kamla kat7seb n × n scores: {n_tokens} kay3tiw {total_scores}. Ila wella "
        "text double, l7sab kaytdreb f 4."
    ),
    "cost.mask": "Mask kaykhebbi {masked} mn {total_scores} (li jay mn b3d).",
    "cost.memory": "Weights kayakhdo {memory} dial memory.",
    "causal.first": (
        'Token lowel "{token}" kaychouf ghir rasso, dakchi 3lach weight dialo howa {pct}.'
    ),
    "cross.align": 'F target, token "{query}" merbout m3a token "{key}" f source ({pct}).',
    "cross.sharp": (
        "F target, {k} mn {n_tokens} kaychoufo ghaliban token wa7ed f source (kter mn {threshold})."
    ),
    "cross.sharp.one": (
        "F target, {k} mn {n_tokens} kaychouf ghaliban token wa7ed f source (kter mn {threshold})."
    ),
    # While a model runs
    "run.shape": "{n_tokens}, {n_layers}, {n_heads} f kul layer.",
    "run.split": 'Lkelma "{word}" t9essmat l {n_tokens}: {tokens}.',
    "run.computing": "Kan7esbo attention…",
    "run.loading": "Kanchargiw tokenizer…",
    "run.drawing": "Kanresmo heatmap…",
    "run.done": "Salina f {time}.",
    "run.saved": "L file tsejjel: {path}",
    "warn.glyph": "Font mafihch had l7orouf: {chars}. Ghadi ybano b7al morabba3at.",
    "warn.rtl": "Y9der had terminal maybeyyench l3arbiya mzyan: khdem b {option} wla sejjel HTML.",
    "warn.unused": "{option} makat2atterch 3la {type} attention.",
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
    # Titles, notes and labels of every view
    "ui.constructed": "{n_heads}, built-in (constructed, machi trained)",
    "ui.random": "{n_heads}, random (machi trained)",
    "ui.given": "{n_heads}, weights kif t3taw",
    "ui.trained": "{n_heads} dial {model}",
    "ui.replaces": "ila kan: f blast {type} attention dialo",
    "ui.shared": "keys w values mcharkin: {n}",
    "ui.truncated": "m9tou3: {n_tokens}",
    "ui.values": "weights × toul dial values, kul ster 100%",
    "ui.contributions": "contributions (ALTI): chhal jab kul word mn layers li te7t",
    "ui.rollout": "rollout: mo3ddal dial heads, ness residual",
    "ui.flow": "flow: mo3ddal dial heads, ness residual",
    "ui.sentences": "jomal: keys majmou3in, queries b lmo3ddal",
    "ui.lines": "stora: keys majmou3in, queries b lmo3ddal",
    "ui.hidden": "tokens speciaux mkhebbyin, m3ahom {pct} dial weight",
    "ui.sink": '{pct} katmchi l "{key}": scale bla biha',
    "ui.scale": "scale {value}",
    "ui.second": "{mark} = texte tani",
    "ui.mean": "mo3ddal ({n})",
    "ui.strongest": "akbar weight",
    "ui.nothing": "walo",
    "ui.query": "query: token li kaychouf",
    "ui.key": "key: token li kaytchaf",
    "unit.query": "query: li kaychouf",
    "unit.key": "key: li kaytchaf",
    "ui.scores": "{done} mn {total_scores}",
    "ui.saved": "9ell b {pct}",
    "ui.streamed": "streamed: 7esbna kolchi, khellina ghir tswira",
    "ui.text": "text",
    "ui.bright": "mdowwi = mrekkez",
    "ui.keys_of": 'akbar weights dial "{query}"',
    "ui.no_model": "Hada record msejjel w makaynch model: 3ti text bach tbeddlo.",
    "ui.one_type": "Bin jouj texts kayna ghir cross attention: makaynch now3 akhor.",
    "ui.rowsum": "lmajmou3 dial kul ster: {pct}",
    "ui.rowsums": "lmajmou3 dial ster: mn {low} 7tal {high}",
    "ui.masked": "no9ta = mkhebbi",
    "ui.arcs": "kul query w key akhor li kaychouf kter",
    "ui.grey": "rmadi = mkhebbi",
    "ui.cells": "kul khana: mo3ddal, 7tal {rows} × {columns} weights",
    "ui.kept": "streamed: mn kul query khellina akbar weights: {k}",
    "ui.part": "stora {rows}, columns {columns} mn {down} × {across} token",
    "ui.far": "akbar weights bin tokens b3ad",
    "ui.apart": "b3ad b {far} token",
    "ui.none_far": "ma kaynch weight bin tokens b3ad",
    "ui.own_scale": "kul head b scale dialo, lmdowwi kter = akbar weight dialo",
    "ui.image_heads": "{query} kaychouf: li daoui 3ndo weight kter, kul tswira b scale dialha",
    "ui.image_words": "fin kul kelma katchouf, kul w7da b scale dialha; b7al b7al = walo",
    "ui.image_even": "b7al b7al",
    "ui.image_query": "{query} kaychouf",
    "ui.image_hints": "--query r3c7: patch akhor · --head 0 kaybeyyen head wa7ed · -o map.png",
    "ui.hints": "-o map.png kaysejjel tswira · --head 0 kaybeyyen head wa7ed · --show top, arcs",
    "ui.timeline": (
        "ster wa7ed l kul token li tekteb: probability dialo, w fin chaf model bach khtaro"
    ),
    "ui.looks_at": "kaychouf",
    "ui.block.sink": "sink",
    "ui.block.system": "system",
    "ui.block.prompt": "prompt",
    "ui.block.written": "mektoub",
    "ui.block.source": "source",
    "ui.block.special": "special",
    "ui.align.heads": "heads li kayalignew mezyan: {places}",
    "ui.align.all": "mo3ddal dial ga3 heads f ga3 layers",
    "ui.aligned": "kul ster fih 100%; {pct} dial attention ba9i f blassa khra",
    "ui.asks": "fin kaychouf soual f texte, f layer lekher",
    "ui.predict.next": "chno kay9oul {model} ghadi yji",
    "ui.predict.mask": "chno kaydir {model} f blast [MASK]",
    "ui.predict.class": "class li kay3ti {model} l texte",
    "ui.predict.token_class": "class li kay3ti {model} l kul token",
    "ui.predict.answer": "fin kayl9a {model} ljawab",
    "ui.predict.asked": 'log-probability dial "{token}": {value} ({reason})',
    "ui.findings": "Chno kaybeyyno had weights",
    "ui.unexplained": "Makayn 7ta weight bayn kter mn okhrin.",
    "ui.worth": "chouf hado: mn kul now3 li bayn kter howa lowel",
    "ui.by_largest": "b {what}, lkbir howa lowel",
    "ui.by_smallest": "b {what}, sghir howa lowel",
    "ui.sure": "sure = ch7al mn weight, bla token lowel w bla special tokens",
    "ui.sharp": "mrekkez",
    "ui.even": "gedged",
    "ui.more_heads": "w zid {n_heads}: {option}",
    "ui.more_layers": "w zid {n_layers}: {option}",
    "ui.wider": "w zid {n_heads} f terminal kbir kter",
    "ui.not_kept": "streamed, makhellinach: {what}",
    "ui.where_not_why": "fin kaychouf head, machi 3lach model khda l9arar",
    "ui.csv_streamed": "Weights streamed: f had table ghir akbar weights dial kul query.",
    "ui.more_keys": "w zid {n_keys}, b weights sghar kter",
    "ui.places": "({k} mn {n} ra9m: blayes {places})",
    "ui.masked_keys": "{n} mn {total} keys mkhebbyin",
    "ui.rounded": (
        "7sebna b r9am m9errba li bayna; weights dial program mkhtalfin ghir b {difference} "
        "3la l2aktar."
    ),
    # The cost of longer texts
    "ui.cost": "taman dial attention",
    "ui.cost_heads": "{n_heads}, {n} ra9m f kul head",
    "ui.cost_kept": "7sebna hna w khellina weights kamlin",
    "ui.cost_streamed": "7sebna hna, weights streamed",
    "ui.cost_unrun": "ghir r9am mn mask, ma7sebnach weights",
    "ui.cost_scores": "scores dial head wa7ed",
    "ui.cost_work": "multiply-adds",
    "ui.cost_time": "lwe9t hna",
    "ui.cost_memory": "memory",
    "ui.cost_whole": "weights kamlin",
    "ui.cost_tokens": "tokens",
    "ui.cost_growth": "growth",
    "ui.cost_count": "mn mask",
    "ui.cost_here": "lwe9t hna",
    "ui.cost_over": "3la tokens",
    "ui.cost_power": (
        "Growth 2 kay3ni: ila wella text double, l7sab kaytdreb f 4; 1 kay3ni f 2. Had ra9m jay mn "
        "least squares 3la texts li twal kter."
    ),
    "ui.cost_counted": (
        "Scores m7soubin mn mask, l head wa7ed f kul layer; lba9i dial heads kamlin."
    ),
    "ui.cost_quickest": (
        "Lwe9t: asghar we9t mn chi merrat f had machine; lmerra lowla mam7soubach."
    ),
    "ui.cost_meet": "+ = bezzaf",
    "ui.cost_square": (
        "Weights kamlin kayakhdo n × n ra9m, wakha mask kaykhebbi: 7ta memory katakhod lwe9t."
    ),
    "ui.cost_beside": (
        "7da kul smiya: growth dialha. Memory: dial weights kamlin, w dial kul type streamed."
    ),
    "ui.cost_dashed": "Lkhett lm9etta3: lwe9t ila kan kayzid b7al l7sab.",
    "ui.cost_too_long": "Ma7sebnach, kayakhod lwe9t bezzaf: {what}. Bach nzido lwe9t: {option}.",
    "ui.cost_too_large": "Ma7sebnach, makaydkholch f memory: {what}.",
    "ui.cost_crossing": (
        "Mn {n_tokens} w lfo9, attention katakhod multiply-adds kter mn lba9i dial model."
    ),
    "ui.cost_beyond": "Had model 3ndo blayes ghir l {n_tokens}.",
    "ui.cost_never": "7tal {n_tokens}, attention katakhod multiply-adds 9ell mn lba9i dial model.",
    "ui.cost_rest": (
        "Lba9i: {value} multiply-adds l kul token f linear layers, bla head li kaykhtar lkelmat."
    ),
    # Keys of the explorer, in a word and in a line
    "key.query": "query",
    "key.head": "head",
    "key.layer": "layer",
    "key.edit": "beddel",
    "key.explain": "chre7",
    "key.search": "9elleb",
    "key.type": "now3",
    "key.scale": "scale",
    "key.language": "lougha",
    "key.pin": "khelli",
    "key.near": "9erreb",
    "key.merge": "kelmat",
    "key.save": "sejjel",
    "key.help": "mo3awana",
    "key.quit": "khrej",
    "help.query": "token li kaychouf: li 9bel, li morah; ↑ ↓ Home End PgUp PgDn",
    "help.head": "head li 9bel, head li morah, w lmo3ddal dial heads kamlin; 7ta Tab",
    "help.layer": "layer li morah, layer li 9bel",
    "help.edit": "kteb f text: weights kaytbeddlo m3ah; Esc bach tsali",
    "help.explain": "chno kaybeyyno weights, b lkelmat",
    "help.search": "9elleb 3la token b smiyto; n w N: li morah, li 9bel",
    "help.type": "now3 akhor dial attention: kan3awdo n7esbo",
    "help.scale": "chno li mdowwi: auto, linear, log, rank, no-sink",
    "help.language": "English, Darija b l7orouf latin, Darija b l7orouf l3arbiya",
    "help.pin": "khelli had query bayn, wla khebbih",
    "help.near": "ghir tokens li 7da query, wla text kamel",
    "help.merge": "kelmat f blast tokens dialhom",
    "help.save": "kteb file; suffix kaykhtar: {choices}",
    "help.help": "had lista",
    "help.quit": "khrej; 7ta b Ctrl-C",
    "help.mouse": "souris: cliqui 3la token, khana wla head; rwida kat7errek query",
    # The lesson
    "lesson.scores.example": (
        'Hna query dial token "{query}" m3a kul key; li mabaynch majmou3 f "others".'
    ),
    "lesson.scaling.without": (
        "Bla had l9esma akbar weight ykoun {without}; m3aha howa {pct}. Scaling kaykhelli "
        "softmax maykhtarch deghya."
    ),
    "lesson.merge": (
        "Outputs dial {n_heads} kayt7etto 7da b3diyathom, w matrix W_O kat7awlhom l vector wa7ed."
    ),
    "lesson.translation": (
        "Translation: kul kelma f target katchouf lkelmat dial source (cross attention)."
    ),
    "lesson.summarisation": "Summarisation: summary kaychouf l parts l mohimmin f text.",
    "lesson.answering": "Question answering: question kat9elleb 3la jawab f passage.",
    "lesson.captioning": (
        "Image captioning: kul kelma katchouf blasa f tswira; keys homa patches dial tswira, "
        "machi kelmat."
    ),
    "lesson.speech": "Speech: kul kelma katchouf lwe9t fin tgalet; keys homa frames dial sout.",
    "lesson.strength.far": "Token y9der ychouf ay token akhor f khetwa wa7da, wakha ykoun b3id.",
    "lesson.strength.parallel": (
        "Tokens kamlin kayt7esbo f nefs lwe9t: 7ta wa7ed makaytsenna li 9bel mnno."
    ),
    "lesson.strength.heads": (
        "Bezzaf d heads kaychoufo bezzaf d l3ala9at f nefs lwe9t, w weights n9edro nchoufohom."
    ),
    # The page
    "page.heads": "Heads kamlin",
    "page.heatmap": "Heatmap",
    "page.links": "Khtout",
    "page.text": "Text",
    "page.table": "Table",
    "page.views": "Ach ban",
    "page.stack": "Jozz2 dial model",
    "page.layer": "Layer",
    "page.head": "Head",
    "page.mean": "mo3ddal ({n})",
    "page.measure": "Chno",
    "page.scale": "Scale",
    "page.merge": "Jme3",
    "page.tokens": "tokens kif homa",
    "page.words": "kelmat",
    "page.sentences": "jomal",
    "page.lines": "stora",
    "page.special": "Khebbi special tokens",
    "page.language": "Lougha",
    "page.theme": "Mdowwi wla meghlou9",
    "page.system": "b7al system",
    "page.light": "mdowwi",
    "page.dark": "meghlou9",
    "page.looks": '"{query}" kaychouf',
    "page.looked": 'Chkoun kaychouf "{key}"',
    "page.sum": "lmajmou3 dial ster {pct}",
    "page.hint": (
        "Dowwez souris 3la token bach tchouf fin kaychouf; clicki wla Enter bach tchedd fih."
    ),
    "page.pin": "chedd",
    "page.let_go": "tle9",
    "page.pinned": "mchedoud",
    "page.masked": "mkhebbi",
    "page.move": "queries w keys okhrin",
    "page.zoom_in": "9erreb",
    "page.zoom_out": "Be33ed",
    "page.whole": "Kolchi",
    "page.keyboard": "Clavier",
    "page.about": "3la had r9am",
    "page.part": "tokens mn {min} 7tal {max}, f lmajmou3 {n}",
    "page.error": (
        "Tswira mn weights dial {n} bits: lfer9 m3a weight li tsejjel makayfoutch "
        "{difference} (weights mn 0 7tal 1)."
    ),
    "page.kept": (
        "Tswira pooled; mn kul query khellina keys li 3ndhom akbar weight wa7ed b wa7ed: {n}."
    ),
    "page.not_kept": "makhellinahch",
    "page.blank": "khawi = makhellinahch",
    "page.blank_or_masked": "khawi = makhellinahch, wla mkhebbi",
    "page.strongest": "Kul query w keys li 3ndhom akbar weight",
    "page.old": (
        "Had navigateur ma9derch y7ell r9am dial page: khdem b wa7ed mn 2023 wla jdid kter."
    ),
    "page.noscript": "Had page katresm b JavaScript, w howa me7bous hna.",
}

DARIJA_LATIN = Language(
    tag="ary-Latn",
    name="Darija",
    sentences=SENTENCES,
    count=partial(count, nouns=NOUNS, two="jouj", of="d"),
    comma=", ",
    quotes=('"', '"'),
    less_than_one="9ell mn 1%",
    example=Example(
        text="L9ett na3es 7da lbab, l9ett 3eyyan",
        query="na3es",
        target="Lbare7 khouya chra 3 kilo dial l7out f Rabat.",
        source="Yesterday my brother bought 3 kilos of fish in Rabat.",
        global_token="na3es",
    ),
    fallback=ENGLISH,
)

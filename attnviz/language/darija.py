"""Moroccan Darija in Latin and in Arabic script: the sentences, and how things are counted.

The register is that of the "AI with Darija" blog: everyday Darija around English terms of machine
learning. Five sentences are the blog's own (concept.* in Latin script) and keep its spelling.
"""

from __future__ import annotations

from functools import partial

from attnviz.language.english import ENGLISH
from attnviz.language.language import Language

# One of it (with its "one", which agrees in gender), several of it.
LATIN_NOUNS = {
    "token": ("token", "wa7ed", "tokens"),
    "head": ("head", "wa7ed", "heads"),
    "layer": ("layer", "wa7ed", "layers"),
    "score": ("score", "wa7ed", "scores"),
    "word": ("kelma", "wa7da", "kelmat"),
    "time": ("merra", "wa7da", "merrat"),
    "key": ("key", "wa7ed", "keys"),
}
ARABIC_NOUNS = {
    "token": ("token", "واحد", "tokens"),
    "head": ("head", "واحد", "heads"),
    "layer": ("layer", "واحد", "layers"),
    "score": ("score", "واحد", "scores"),
    "word": ("كلمة", "وحدة", "كلمات"),
    "time": ("مرة", "وحدة", "مرات"),
    "key": ("key", "واحد", "keys"),
}


def count(
    number: float, noun: str, *, nouns: dict[str, tuple[str, str, str]], two: str, of: str
) -> str:
    """One is a word after the noun, two is a word before it, 3 to 10 take "d" and the plural, 11
    and more the singular; and so again in every hundred."""
    singular, one, plural = nouns[noun]
    if number == 1:
        return f"{singular} {one}"
    if number == 2:
        return f"{two} {plural}"
    if number == int(number) and 3 <= number % 100 <= 10:
        return f"{number:,} {of} {plural}"
    return f"{number:,} {singular}"


LATIN_SENTENCES = {
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
    "unit.self": 'Mn "{query}", {pct} mn weight kayb9a tmma.',
    "unit.topk": 'Akbar weights dial "{query}": {items}.',
    "limit.units": ("Hna weights dial tokens majmou3in: fin kaynin tokens kter, weight kbir kter."),
    "head.prev": (
        "F head {head}, kul token kaychouf ghaliban token li 9bel mnno ({pct} f lmo3ddal)."
    ),
    "head.next": "F head {head}, kul token kaychouf ghaliban token li morah ({pct} f lmo3ddal).",
    "head.self": "F head {head}, kul token kaychouf ghaliban rasso ({pct} f lmo3ddal).",
    "head.sink": (
        'F head {head}, {pct} mn weight kaymchi l token lowel "{token}". Hadchi kaytsemma '
        '"attention sink": model kay7ett tmma weight li mam7tajch lih.'
    ),
    "head.special": "F head {head}, {pct} mn weight kaymchi l special tokens ({tokens}).",
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
    "run.shape": "{n_tokens}, {n_layers}, {n_heads} f kul layer.",
    "run.split": 'Lkelma "{word}" t9essmat l {n_tokens}: {tokens}.',
    "run.computing": "Kan7esbo attention…",
    "run.loading": "Kanchargiw tokenizer…",
    "run.drawing": "Kanresmo heatmap…",
    "run.done": "Salina f {time}.",
    "run.saved": "L file tsejjel: {path}",
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
    "warn.glyph": "Font mafihch had l7orouf: {chars}. Ghadi ybano b7al morabba3at.",
    "warn.rtl": "Y9der had terminal maybeyyench l3arbiya mzyan: khdem b {option} wla sejjel HTML.",
    "ui.constructed": "{n_heads}, built-in (constructed, machi trained)",
    "ui.random": "{n_heads}, random (machi trained)",
    "ui.given": "{n_heads}, weights kif t3taw",
    "ui.trained": "{n_heads} dial {model}",
    "ui.replaces": "ila kan: f blast {type} attention dialo",
    "ui.shared": "keys w values mcharkin: {n}",
    "ui.truncated": "m9tou3: {n_tokens}",
    "ui.values": "weights × toul dial values, kul ster 100%",
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
    "ui.rowsum": "lmajmou3 dial kul ster: {pct}",
    "ui.rowsums": "lmajmou3 dial ster: mn {low} 7tal {high}",
    "ui.masked": "no9ta = mkhebbi",
    "err.empty_source": "Source khawi. Kteb 3la l2a9all kelma wa7da.",
    "ui.arcs": "kul query w key akhor li kaychouf kter",
    "ui.grey": "rmadi = mkhebbi",
    "ui.cells": "kul khana: mo3ddal, 7tal {rows} × {columns} weights",
    "ui.kept": "streamed: mn kul query khellina akbar weights: {k}",
    "ui.part": "stora {rows}, columns {columns} mn {down} × {across} token",
    "ui.far": "akbar weights bin tokens b3ad",
    "ui.apart": "b3ad b {far} token",
    "ui.none_far": "ma kaynch weight bin tokens b3ad",
    "ui.own_scale": "kul head b scale dialo, lmdowwi kter = akbar weight dialo",
    "ui.hints": "-o map.png kaysejjel tswira · --head 0 kaybeyyen head wa7ed · --show top, arcs",
    "ui.findings": "Chno kaybeyyno had weights",
    "ui.unexplained": "Makayn 7ta weight bayn kter mn okhrin.",
    "limit.constructed": (
        "Had heads constructed, machi trained: kul head 3ndo matrices bach ychouf 7aja wa7da "
        "li khtarina."
    ),
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
    "warn.unused": "{option} makat2atterch 3la {type} attention.",
    "ui.csv_streamed": "Weights streamed: f had table ghir akbar weights dial kul query.",
    "ui.more_keys": "w zid {n_keys}, b weights sghar kter",
    "ui.places": "({k} mn {n} ra9m: blayes {places})",
    "cross.sharp.one": (
        "F target, {k} mn {n_tokens} kaychouf ghaliban token wa7ed f source (kter mn {threshold})."
    ),
    "ui.masked_keys": "{n} mn {total} keys mkhebbyin",
    "ui.rounded": (
        "7sebna b r9am m9errba li bayna; weights dial program mkhtalfin ghir b {difference} "
        "3la l2aktar."
    ),
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
    "err.twice": 'Token "{token}" kayn f text {n_times}. Khtar wa7ed: {choices}.',
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

ARABIC_SENTENCES = {
    "concept.attention": "Attention هي طريقة كتساعد الموديل يشوف الأجزاء المهمين ف input.",
    "concept.relevance": "كل token كيحسب relevance ديال tokens خرين و كيعطي weights.",
    "concept.query": "Query باش نعرف شنو بغينا.",
    "concept.key": "Key باش نعرف شنو كيعطي token.",
    "concept.value": "Value باش نقادو info.",
    "step.score": (
        "Score كيبين شحال query و key قراب لبعضياتهم: هو dot product ديال هاد جوج vectors."
    ),
    "step.scale": "كنقسمو كل score على {scale_expr} باش scores مايوليوش كبار بزاف.",
    "step.softmax": (
        "Scores كيتحولو ل weights ب softmax: كل weight بين 0 و 1، و المجموع ديال كل سطر هو 1."
    ),
    "step.sum": "كنضربو weights ف values و كنجمعو كلشي: هادا هو output ديال token.",
    "step.multihead": "Multi-head: {n_heads} كيخدمو ف نفس الوقت، و كل head يقدر يشوف علاقة مختلفة.",
    "type.self": "Self attention: كل token كيشوف tokens ديال نفس الجملة، و كيشوف حتى راسو.",
    "type.causal": (
        "Causal attention (ب mask): token كيشوف غير راسو و tokens اللي قبل منو؛ اللي جاي من "
        "بعد مخبي."
    ),
    "type.cross": (
        "Cross attention: queries جايين من text، و keys و values جايين من text آخر؛ كل token "
        "ف target كيشوف tokens ديال source."
    ),
    "type.local": "Local attention: كل token كيشوف غير tokens اللي حداه: {n_tokens} من كل جيهة.",
    "type.global": (
        "Global attention: tokens اللي ختارينا كيشوفو tokens كاملين، و tokens كاملين "
        "كيشوفوهم. اللي ختارينا: {tokens}."
    ),
    "heatmap.read": (
        "كيفاش تقرا heatmap: كل سطر (row) هو query (token اللي كيشوف)، كل column هو key "
        "(token اللي كيتشاف)."
    ),
    "heatmap.color": "اللون اللي مضوي كتر كيعني weight كبير كتر.",
    "heatmap.rowsum": "المجموع ديال كل سطر هو 1 ({pct}).",
    "heatmap.mean": "هاد التصويرة هي المعدل ديال {n_heads}؛ head بوحدو يقدر يكون مختلف.",
    "limit.explain": (
        "رد البال: attention weights كيبينو فين كيشوف الموديل، ماشي علاش خدا القرار. Weight "
        "كبير ماشي دليل بلي token مهم."
    ),
    "limit.demo": (
        "هاد weights جايين من موديل صغير ديال demo ب values random: كيبينو كيفاش كنحسبو، ماشي "
        "شنو تعلم الموديل."
    ),
    "find.top": "هاد token «{query}» كيعطي {pct} من weight ديالو ل «{key}».",
    "find.self": "هاد token «{query}» كيخلي {pct} من weight ديالو ل راسو.",
    "find.topk": "أكبر weights ديال token «{query}»: {items}.",
    "find.tie": "هاد token «{query}» كيعطي نفس weight ل {tokens} ({pct} ل كل واحد).",
    "find.flat": "هاد token «{query}» ماعندو حتى key باين كتر من خرين: أكبر weight غير {pct}.",
    "find.focus": (
        "أكتر token مركز هو «{query}» (entropy {entropy})؛ أكتر token موزع هو «{other}» "
        "(entropy {other_entropy})."
    ),
    "find.received": "هاد token «{key}» كياخد أكبر weight: {pct} ف المعدل.",
    "unit.top": "من «{query}»، {pct} من weight كيمشي ل «{key}».",
    "unit.self": "من «{query}»، {pct} من weight كيبقى تما.",
    "unit.topk": "أكبر weights ديال «{query}»: {items}.",
    "limit.units": "هنا weights ديال tokens مجموعين: فين كاينين tokens كتر، weight كبير كتر.",
    "head.prev": "ف head {head}، كل token كيشوف غالبا token اللي قبل منو ({pct} ف المعدل).",
    "head.next": "ف head {head}، كل token كيشوف غالبا token اللي موراه ({pct} ف المعدل).",
    "head.self": "ف head {head}، كل token كيشوف غالبا راسو ({pct} ف المعدل).",
    "head.sink": (
        "ف head {head}، {pct} من weight كيمشي ل token اللول «{token}». هادشي كيتسمى "
        "«attention sink»: الموديل كيحط تما weight اللي مامحتاجش ليه."
    ),
    "head.special": "ف head {head}، {pct} من weight كيمشي ل special tokens ({tokens}).",
    "head.flat": (
        "هاد head {head} كيوزع weight تقريبا ڭدڭد على tokens كاملين (entropy {entropy} من "
        "{max_entropy})."
    ),
    "head.sharp": (
        "هاد head {head} مركز: أكبر weight ف كل سطر هو {pct} ف المعدل (entropy {entropy} من "
        "{max_entropy})."
    ),
    "head.alike": (
        "هاد heads {a} و {b} متشابهين كتر (similarity {sim})؛ heads {c} و {d} مختلفين كتر."
    ),
    "spread.entropy": (
        "Entropy كتبين شحال weights موزعين: 0 كيعني كلشي على token واحد، {max_entropy} كيعني "
        "ڭدڭد على {n_tokens}."
    ),
    "dist.mean": "المسافة ف المعدل بين query و key: {distance} token.",
    "dist.near": "كيبقى {pct} من weight قريب من query ({n_tokens} ولا قل)؛ الباقي كيمشي بعيد.",
    "cost.local": "Local attention ب window {window} كتحسب {done} من {total_scores}: قل ب {pct}.",
    "cost.global": "Global tokens كيزيدو {extra_scores}: ف المجموع {done} من {total_scores}.",
    "cost.full": (
        "Attention كاملة كتحسب n × n scores: {n_tokens} كيعطيو {total_scores}. إلا ولا text "
        "دوبل، الحساب كيتضرب ف 4."
    ),
    "cost.mask": "هاد mask كيخبي {masked} من {total_scores} (اللي جاي من بعد).",
    "cost.memory": "هاد weights كياخدو {memory} ديال memory.",
    "causal.first": "أول token «{token}» كيشوف غير راسو، داكشي علاش weight ديالو هو {pct}.",
    "cross.align": "ف target، token «{query}» مربوط مع token «{key}» ف source ({pct}).",
    "cross.sharp": (
        "ف target، {k} من {n_tokens} كيشوفو غالبا token واحد ف source (كتر من {threshold})."
    ),
    "run.shape": "عندنا {n_tokens}، {n_layers}، {n_heads} ف كل layer.",
    "run.split": "الكلمة «{word}» تقسمات ل {n_tokens}: {tokens}.",
    "run.computing": "كنحسبو attention…",
    "run.loading": "كنشارجيو tokenizer…",
    "run.drawing": "كنرسمو heatmap…",
    "run.done": "سالينا ف {time}.",
    "run.saved": "الملف تسجل: {path}",
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
    "warn.glyph": "هاد font مافيهش هاد الحروف: {chars}. غادي يبانو بحال مربعات.",
    "warn.rtl": "يقدر هاد terminal مايبينش العربية مزيان: خدم ب {option} ولا سجل HTML.",
    "ui.constructed": "{n_heads}، built-in (constructed، ماشي trained)",
    "ui.random": "{n_heads}، random (ماشي trained)",
    "ui.given": "{n_heads}، weights كيف تعطاو",
    "ui.trained": "{n_heads} ديال {model}",
    "ui.replaces": "إلا كان: ف بلاصة {type} attention ديالو",
    "ui.shared": "keys و values مشاركين: {n}",
    "ui.truncated": "مقطوع: {n_tokens}",
    "ui.values": "weights × الطول ديال values، كل سطر 100%",
    "ui.rollout": "rollout: معدل ديال heads، نص residual",
    "ui.flow": "flow: معدل ديال heads، نص residual",
    "ui.sentences": "جمل: keys مجموعين، queries ب المعدل",
    "ui.lines": "سطور: keys مجموعين، queries ب المعدل",
    "ui.hidden": "tokens speciaux مخبيين، معاهم {pct} ديال weight",
    "ui.sink": '{pct} كتمشي ل "{key}": scale بلا بيها',
    "ui.scale": "scale ديال {value}",
    "ui.second": "{mark} = texte تاني",
    "ui.mean": "معدل ({n})",
    "ui.strongest": "أكبر weight",
    "ui.nothing": "والو",
    "ui.query": "query: token اللي كيشوف",
    "ui.key": "key: token اللي كيتشاف",
    "unit.query": "query: اللي كيشوف",
    "unit.key": "key: اللي كيتشاف",
    "ui.scores": "{done} من {total_scores}",
    "ui.saved": "قل ب {pct}",
    "ui.streamed": "streamed: حسبنا كلشي، خلينا غير تصويرة",
    "ui.text": "text",
    "ui.bright": "مضوي = مركز",
    "ui.keys_of": "أكبر weights ديال «{query}»",
    "ui.no_model": "هادا record مسجل و ماكاينش الموديل: عطي text باش تبدلو.",
    "ui.one_type": "بين جوج texts كاينة غير cross attention: ماكاينش نوع آخر.",
    "key.query": "query",
    "key.head": "head",
    "key.layer": "layer",
    "key.edit": "بدل",
    "key.explain": "شرح",
    "key.search": "قلب",
    "key.type": "نوع",
    "key.scale": "scale",
    "key.language": "لغة",
    "key.pin": "خلي",
    "key.near": "قرب",
    "key.merge": "كلمات",
    "key.save": "سجل",
    "key.help": "معاونة",
    "key.quit": "خرج",
    "help.query": "هاد token اللي كيشوف: اللي قبل، اللي موراه؛ ↑ ↓ Home End PgUp PgDn",
    "help.head": "هاد head اللي قبل، head اللي موراه، و المعدل ديال heads كاملين؛ حتى Tab",
    "help.layer": "هاد layer اللي موراه، layer اللي قبل",
    "help.edit": "كتب ف text: هاد weights كيتبدلو معاه؛ Esc باش تسالي",
    "help.explain": "شنو كيبينو weights، ب الكلمات",
    "help.search": "قلب على token ب سميتو؛ n و N: اللي موراه، اللي قبل",
    "help.type": "نوع آخر ديال attention: كنعاودو نحسبو",
    "help.scale": "شنو اللي مضوي: auto، linear، log، rank، no-sink",
    "help.language": "لغة: English، الدارجة ب الحروف latin، الدارجة ب الحروف العربية",
    "help.pin": "خلي هاد query باين، ولا خبيه",
    "help.near": "غير tokens اللي حدا query، ولا text كامل",
    "help.merge": "كلمات ف بلاصة tokens ديالهم",
    "help.save": "كتب file؛ هاد suffix كيختار: {choices}",
    "help.help": "هاد الليستة",
    "help.quit": "خرج؛ حتى ب Ctrl-C",
    "help.mouse": "سوريس: كليكي على token، خانة ولا head؛ الرويدة كتحرك query",
    "ui.rowsum": "المجموع ديال كل سطر: {pct}",
    "ui.rowsums": "المجموع ديال سطر: من {low} حتال {high}",
    "ui.masked": "نقطة = مخبي",
    "err.empty_source": "هاد source خاوي. كتب على الأقل كلمة وحدة.",
    "ui.arcs": "كل query و key آخر اللي كيشوف كتر",
    "ui.grey": "رمادي = مخبي",
    "ui.cells": "كل خانة: معدل، حتال {rows} × {columns} weights",
    "ui.kept": "streamed: من كل query خلينا أكبر weights: {k}",
    "ui.part": "سطورا {rows}، columns {columns} من {down} × {across} token",
    "ui.far": "أكبر weights بين tokens بعاد",
    "ui.apart": "بعاد ب {far} token",
    "ui.none_far": "ما كاينش weight بين tokens بعاد",
    "ui.own_scale": "كل head ب scale ديالو، المضوي كتر = أكبر weight ديالو",
    "ui.hints": "-o map.png كيسجل تصويرة · --head 0 كيبين head واحد · --show top, arcs",
    "ui.findings": "شنو كيبينو هاد weights",
    "ui.unexplained": "ماكاين حتى weight باين كتر من خرين.",
    "limit.constructed": (
        "هاد heads constructed، ماشي trained: كل head عندو matrices باش يشوف حاجة وحدة اللي "
        "ختارينا."
    ),
    "ui.worth": "شوف هادو: من كل نوع اللي باين كتر هو اللول",
    "ui.by_largest": "ب {what}، الكبير هو اللول",
    "ui.by_smallest": "ب {what}، الصغير هو اللول",
    "ui.sure": "sure = شحال من weight، بلا token اللول و بلا special tokens",
    "ui.sharp": "مركز",
    "ui.even": "ڭدڭد",
    "ui.more_heads": "و زيد {n_heads}: {option}",
    "ui.more_layers": "و زيد {n_layers}: {option}",
    "ui.wider": "و زيد {n_heads} ف terminal كبير كتر",
    "ui.not_kept": "streamed، ماخليناش: {what}",
    "ui.where_not_why": "فين كيشوف head، ماشي علاش الموديل خدا القرار",
    "warn.unused": "{option} ماكتأثرش على {type} attention.",
    "ui.csv_streamed": "هاد weights streamed: ف هاد table غير أكبر weights ديال كل query.",
    "ui.more_keys": "و زيد {n_keys}، ب weights صغار كتر",
    "ui.places": "({k} من {n} رقم: بلايص {places})",
    "cross.sharp.one": (
        "ف target، {k} من {n_tokens} كيشوف غالبا token واحد ف source (كتر من {threshold})."
    ),
    "ui.masked_keys": "{n} من {total} keys مخبيين",
    "ui.rounded": (
        "حسبنا بالأرقام المقربة اللي باينة؛ weights ديال البرنامج مختلفين غير ب {difference} "
        "على الأكتر."
    ),
    "ui.cost": "تمن ديال attention",
    "ui.cost_heads": "{n_heads}، {n} رقم ف كل head",
    "ui.cost_kept": "حسبنا هنا و خلينا weights كاملين",
    "ui.cost_streamed": "حسبنا هنا، weights streamed",
    "ui.cost_unrun": "غير أرقام من mask، ماحسبناش weights",
    "ui.cost_scores": "هاد scores ديال head واحد",
    "ui.cost_work": "multiply-adds",
    "ui.cost_time": "الوقت هنا",
    "ui.cost_memory": "memory",
    "ui.cost_whole": "كاملين weights",
    "ui.cost_tokens": "tokens",
    "ui.cost_growth": "growth",
    "ui.cost_count": "من mask",
    "ui.cost_here": "الوقت هنا",
    "ui.cost_over": "على tokens",
    "ui.cost_power": (
        "هاد growth 2 كيعني: إلا ولا text دوبل، الحساب كيتضرب ف 4؛ و 1 كيعني ف 2. هاد الرقم جاي "
        "من least squares على texts اللي طوال كتر."
    ),
    "ui.cost_counted": (
        "هاد scores محسوبين من mask، ل head واحد ف كل layer؛ الباقي ديال heads كاملين."
    ),
    "ui.cost_quickest": "الوقت: أصغر وقت من شي مرات ف هاد machine؛ المرة اللولة مامحسوباش.",
    "ui.cost_meet": "+ = بزاف",
    "ui.cost_square": ("كاملين weights كياخدو n × n رقم، واخا mask كيخبي: حتى memory كتاخد الوقت."),
    "ui.cost_beside": (
        "حدا كل سمية: growth ديالها. هاد memory ديال weights كاملين، و ديال كل type streamed."
    ),
    "ui.cost_dashed": "الخط المقطع: الوقت إلا كان كيزيد بحال الحساب.",
    "ui.cost_too_long": "ماحسبناش، كياخد الوقت بزاف: {what}. باش نزيدو الوقت: {option}.",
    "ui.cost_too_large": "ماحسبناش، ماكيدخلش ف memory: {what}.",
    "ui.cost_crossing": (
        "من {n_tokens} و الفوق، attention كتاخد multiply-adds كتر من الباقي ديال الموديل."
    ),
    "ui.cost_beyond": "هاد الموديل عندو بلايص غير ل {n_tokens}.",
    "ui.cost_never": "حتال {n_tokens}، attention كتاخد multiply-adds قل من الباقي ديال الموديل.",
    "ui.cost_rest": (
        "الباقي: {value} multiply-adds ل كل token ف linear layers، بلا head اللي كيختار الكلمات."
    ),
    "err.twice": "هاد token «{token}» كاين ف text {n_times}. ختار واحد: {choices}.",
    "lesson.scores.example": (
        "هنا query ديال token «{query}» مع كل key؛ اللي ماباينش مجموع ف «others»."
    ),
    "lesson.scaling.without": (
        "بلا هاد القسمة أكبر weight يكون {without}؛ معاها هو {pct}. Scaling كيخلي softmax "
        "مايختارش دغيا."
    ),
    "lesson.merge": (
        "Outputs ديال {n_heads} كيتحطو حدا بعضياتهم، و matrix W_O كتحولهم ل vector واحد."
    ),
    "lesson.translation": (
        "Translation: كل كلمة ف target كتشوف الكلمات ديال source (cross attention)."
    ),
    "lesson.summarisation": "Summarisation: هاد summary كيشوف الأجزاء المهمين ف text.",
    "lesson.answering": "Question answering: هاد question كتقلب على الجواب ف passage.",
    "lesson.captioning": (
        "Image captioning: كل كلمة كتشوف بلاصة ف التصويرة؛ keys هوما patches ديال التصويرة، "
        "ماشي كلمات."
    ),
    "lesson.speech": "Speech: كل كلمة كتشوف الوقت فين تڭالت؛ keys هوما frames ديال الصوت.",
    "lesson.strength.far": "هاد token يقدر يشوف أي token آخر ف خطوة وحدة، واخا يكون بعيد.",
    "lesson.strength.parallel": (
        "هاد tokens كاملين كيتحسبو ف نفس الوقت: حتى واحد ماكيتسنى اللي قبل منو."
    ),
    "lesson.strength.heads": (
        "بزاف د heads كيشوفو بزاف د العلاقات ف نفس الوقت، و weights نقدرو نشوفوهم."
    ),
    "page.heads": "Heads كاملين",
    "page.heatmap": "Heatmap",
    "page.links": "خطوط",
    "page.text": "Text",
    "page.table": "Table",
    "page.views": "شنو يبان",
    "page.stack": "جزء ديال الموديل",
    "page.layer": "Layer",
    "page.head": "Head",
    "page.mean": "معدل ({n})",
    "page.measure": "شنو",
    "page.scale": "Scale",
    "page.merge": "جمع",
    "page.tokens": "tokens كيف هوما",
    "page.words": "كلمات",
    "page.sentences": "جمل",
    "page.lines": "سطور",
    "page.special": "خبي special tokens",
    "page.language": "اللغة",
    "page.theme": "مضوي ولا مغلوق",
    "page.system": "بحال system",
    "page.light": "مضوي",
    "page.dark": "مغلوق",
    "page.looks": "«{query}» كيشوف",
    "page.looked": "شكون كيشوف «{key}»",
    "page.sum": "المجموع ديال سطر {pct}",
    "page.hint": "دوز souris على token باش تشوف فين كيشوف؛ كليكي ولا Enter باش تشد فيه.",
    "page.pin": "شد",
    "page.let_go": "طلق",
    "page.pinned": "مشدود",
    "page.masked": "مخبي",
    "page.move": "queries و keys خرين",
    "page.zoom_in": "قرب",
    "page.zoom_out": "بعد",
    "page.whole": "كلشي",
    "page.keyboard": "كلافيي",
    "page.about": "على هاد الأرقام",
    "page.part": "tokens من {min} حتال {max}، ف المجموع {n}",
    "page.error": (
        "التصويرة من weights ديال {n} bits: الفرق مع weight اللي تسجل ماكيفوتش {difference} "
        "(weights من 0 حتال 1)."
    ),
    "page.kept": "التصويرة pooled؛ من كل query خلينا keys اللي عندهم أكبر weight واحد ب واحد: {n}.",
    "page.not_kept": "ماخليناهش",
    "page.blank": "خاوي = ماخليناهش",
    "page.blank_or_masked": "خاوي = ماخليناهش، ولا مخبي",
    "page.strongest": "كل query و keys اللي عندهم أكبر weight",
    "page.old": "هاد navigateur ماقدرش يحل الأرقام ديال page: خدم ب واحد من 2023 ولا جديد كتر.",
    "page.noscript": "هاد page كترسم ب JavaScript، و هو محبوس هنا.",
}

LATIN = Language(
    tag="ary-Latn",
    sentences=LATIN_SENTENCES,
    count=partial(count, nouns=LATIN_NOUNS, two="jouj", of="d"),
    comma=", ",
    quotes=('"', '"'),
    less_than_one="9ell mn 1%",
    fallback=ENGLISH,
)
ARABIC = Language(
    tag="ary-Arab",
    sentences=ARABIC_SENTENCES,
    count=partial(count, nouns=ARABIC_NOUNS, two="جوج", of="د"),
    comma="، ",
    quotes=("«", "»"),
    less_than_one="قل من 1%",
    fallback=ENGLISH,
    right_to_left=True,
)

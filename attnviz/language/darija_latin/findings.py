"""What is said of weights, in words, in Darija in Latin letters."""

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
    "step.sum": "Kandrbo kul weight f value dialo w kanjem3o kolchi: hada howa output dial token.",
    "step.multihead": (
        "Multi-head: {n_heads} kaykhedmo f nefs lwe9t, w kul head y9der ychouf 3ala9a mkhtalfa."
    ),
    "type.self": (
        "Self-attention: kul token kaychouf tokens dial nefs ljomla, w kaychouf 7ta rasso."
    ),
    "type.causal": (
        "Causal attention (b mask): kul token kaychouf ghir rasso w tokens li 9bel mnno; li "
        "jay mn b3d mkhebbi."
    ),
    "type.cross": (
        "Cross-attention: queries jayin mn text, w keys w values jayin mn text akhor; kul "
        "token f target kaychouf tokens dial source."
    ),
    "type.local": (
        "Local attention: kul token kaychouf ghir tokens li 7dah: {n_tokens} mn kul jiha."
    ),
    "type.global": (
        "Global attention: tokens li khtarina kaychoufo kolchi, w kolchi kaychoufhom. Li "
        "khtarina: {tokens}."
    ),
    # How to read a heatmap
    "heatmap.read": (
        "Kifach t9ra heatmap: kul ster (row) howa query (token li kaychouf), w kul column howa "
        "key (token li kaytchaf)."
    ),
    "limit.explain": (
        "Redd lbal: attention weights kaybeyyno fin kaychouf model, machi 3lach khda l9arar. "
        "Weight kbir machi dalil bli token mohim."
    ),
    "limit.demo": (
        "Had lweights jayin mn model sghir dial demo b values random: kaybeyyno kifach "
        "kan7esbo, machi chno t3ellem model."
    ),
    "limit.units": ("Hna weights dial tokens majmou3in: fin kaynin tokens kter, weight kbir kter."),
    "limit.constructed": (
        "Had lheads constructed, machi trained: kul head 3ndo matrices bach ychouf 7aja wa7da, "
        "7na li khtarinaha."
    ),
    # What the weights of one query show
    "find.aside": "{pct} mn weight kaymchi l {tokens}: hna ma7sebnahch.",
    "find.first": '"{query}" kaychouf lowel f "{key}": {pct} mn weight, mn {left} li b9at.',
    "find.top": 'Token "{query}" kay3ti {pct} mn weight dialo l "{key}".',
    "find.self": 'Token "{query}" kaykhelli {pct} mn weight dialo l rasso.',
    "find.topk": 'Akbar weights dial token "{query}": {items}.',
    "find.tie": 'Token "{query}" kay3ti nefs weight l {tokens} ({pct} l kul wa7ed).',
    "find.flat": 'Token "{query}" ma3ndo 7ta key bayn kter mn lokhrin: akbar weight ghir {pct}.',
    "find.focus": (
        'Aktar token mrekkez howa "{query}" (entropy {entropy}); aktar token mwezze3 howa '
        '"{other}" (entropy {other_entropy}).'
    ),
    "find.received": 'Token "{key}" kayakhod akbar weight: {pct} f lmo3ddal.',
    "unit.query": "query: li kaychouf",
    "unit.key": "key: li kaytchaf",
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
        '"attention sink": head li mal9a fin ychouf kay7ett tmma weight dialo.'
    ),
    "head.flat": (
        "Head {head} kaywezze3 weight dialo t9riban b7al b7al 3la tokens kamlin (entropy "
        "{entropy} mn {max_entropy})."
    ),
    "head.sharp": (
        "Head {head} mrekkez: akbar weight f kul ster howa {pct} f lmo3ddal (entropy "
        "{entropy} mn {max_entropy})."
    ),
    "head.alike": (
        "Li mtchabhin kter homa heads {a} w {b} (similarity {sim}); li mkhtalfin kter homa "
        "heads {c} w {d}."
    ),
    "dist.mean": "F lmo3ddal, lmasafa bin query w key hiyya {n_tokens}.",
    "dist.time": "Lwe9t f lmo3ddal bin query w key: {distance} tanya.",
    "image.half": "Ness dial weight li f tswira kayn f {pct} mnha.",
    "image.half_colour": ("Ness dial weight kayn f {pct} dial tswira li 9rab f lloun."),
    "image.half_place": ("Ness dial weight kayn f {pct} dial tswira li 9rab f lblasa."),
    "dist.near_time": (
        "{pct} mn weight kayb9a 9rib f lwe9t ({distance} tanya wla 9ell); lba9i kaymchi b3id."
    ),
    "dist.near": "{pct} mn weight kayb9a 9rib mn query ({n_tokens} wla 9ell); lba9i kaymchi b3id.",
    # What a type of attention costs and shows
    "cost.local": (
        "Local attention b window {window} kat7seb {done} mn {total_scores}: 9ell b {pct}."
    ),
    "cost.global": "Global tokens kayzido {extra_scores}: f lmajmou3 {done} mn {total_scores}.",
    "cost.full": (
        "Attention kamla kat7seb n × n scores: {n_tokens} kay3tiw {total_scores}. Ila kber "
        "text jouj merrat, l7sab kaytdreb f 4."
    ),
    "cost.mask": "Mask kaykhebbi {masked} mn {total_scores} (li jay mn b3d).",
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
    # What is said of the moments of a sound
    "sound.beyond": "{pct} mn weight kayn mn be3d ma kaysali sout, f skat li tzad.",
    "sound.top": 'F "{query}", {pct} mn weight kaymchi l l7da "{key}".',
    "sound.self": 'F "{query}", {pct} mn weight kayb9a f nefs l7da.',
    "sound.topk": 'F "{query}", had l7dat kayakhdo akbar weights: {items}.',
    "sound.tie": 'F "{query}", had l7dat kayakhdo nefs weight: {tokens} ({pct} l kul w7da).',
    "sound.none": 'F "{query}" makayna 7ta l7da bayna kter mn okhrin: akbar weight ghir {pct}.',
    "sound.focus": (
        'Weight mrekkez kter f "{query}" (entropy {entropy}), w mwezze3 kter f "{other}" '
        "(entropy {other_entropy})."
    ),
    "sound.received": 'L7da "{key}" katakhod akbar weight: {pct} f lmo3ddal.',
    "sound.prev": "F head {head}, kul l7da katchouf ghaliban l7da li 9bel mnha ({pct} f lmo3ddal).",
    "sound.next": "F head {head}, kul l7da katchouf ghaliban l7da li moraha ({pct} f lmo3ddal).",
    "sound.same": "F head {head}, kul l7da katchouf ghaliban rasha ({pct} f lmo3ddal).",
    "sound.sink": 'F head {head}, {pct} mn weight kaymchi l l7da lowla, "{token}".',
    "sound.flat": (
        "Head {head} kaywezze3 weight t9riban b7al b7al 3la l7dat kamlin (entropy {entropy} mn "
        "{max_entropy})."
    ),
    "sound.align": '"{query}" katchouf ghaliban l7da "{key}" ({pct}).',
    "sound.sharp": "{k} mn {n_tokens} kaychoufo ghaliban l7da w7da (kter mn {threshold}).",
    "sound.sharp.one": "{k} mn {n_tokens} kaychouf ghaliban l7da w7da (kter mn {threshold}).",
}

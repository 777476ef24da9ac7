"""Whether attention matters to the answer, in Darija in Latin letters."""

SENTENCES = {
    # What is measured of an answer
    "read.next": "token li jay",
    "read.mask": "lkelma lmkhebbya",
    "read.class": "class",
    "read.span": "lblasa dial ljawab",
    "read.vector": "vector dial text",
    "read.likeness": "ch7al kaytchabho jouj texts",
    # What changes an answer
    "effect.mean": "kul head 7ettina f blasto lmo3ddal dialo mn {n_texts}",
    "effect.zero": "kul head 7ettina f blasto sfer",
    "effect.text": "kul head 7ettina f blasto dakchi li kay3ti f text lakhor",
    "effect.unit": "effect = {value}",
    "effect.none": "walo",
    "effect.together": "kamlin",
    "effect.colour": "loun: square root dial effect, 7tal {value}",
    "effect.jointly": "{places} mjmou3in: {value}",
    "effect.cut": '"{query}" → "{key}" me9tou3 f {places}: {value}',
    "effect.everywhere": "kul head",
    "effect.note": "li 7iyyedna hna beddel ljawab; 3lach, hadchi makaygoulouch",
    "effect.top_head": (
        "Ila 7iyyedna head {places}, ljawab kaytbeddel b {value}, kter men ay head akhor."
    ),
    "effect.no_head": "Ila 7iyyedna ay head bou7dou, ljawab kayb9a kif ma howa.",
    "effect.top_token": (
        'Ila khebbina token "{token}", ljawab kaytbeddel kter men ay token akhor: b {value}.'
    ),
    # What heads do on probe texts
    "probe.title": "heads dial {model} b probe",
    "probe.random": "{n_texts} dial {k} token random, kul wa7ed merrtin",
    "probe.sentences": "{total} jomla",
    "probe.agreement": "jouj texts random kay3tiw nefs label l {pct} mn heads, jouj jomal l {low}",
    "probe.scores": (
        "% dial weight f ness tani, lmo3ddal ± lfer9 bin texts random; chance: {value}"
    ),
    "claim.holds": (
        "{places} {what}: ah. {pct} mn weight dialo ({low} b chance), lblasa {done} mn "
        "{total} head; {k} mn {n_texts} kaysmmiweh hakka."
    ),
    "claim.partly": (
        "{places} {what}: chwiya. {pct} mn weight dialo, kter mn chance ({low}) b wdou7 "
        "walakin machi lkter; lblasa {done} mn {total} head; {k} mn {n_texts} kaysmmiweh "
        "hakka."
    ),
    "claim.fails": (
        "{places} {what}: la. {pct} mn weight dialo, {low} b chance; lblasa {done} mn {total} "
        "head; {k} mn {n_texts} kaysmmiweh hakka."
    ),
    # Whether an order of tokens holds
    "check.title": "check dial {model} · {what} · {n_texts}",
    "check.order": "tokens mrettbin b",
    "check.than": "9ddam random",
    "check.one": "token b token",
    "check.length": "toul dial embedding",
    "check.random": "random, {n} tertibat",
    "check.better": "7sen",
    "check.no_better": "machi 7sen",
    "check.unclear": "ma wade7ch",
    "check.note": (
        "deletion: ch7al kaydi3 mn ljawab mlli kankhebbiw tokens b had tertib; insertion: "
        "ch7al kaykoun mno mlli kanbeyynohom bih; kter howa li 7sen"
    ),
    "check.corr": "rank corr.: m3a dakchi li kaytbeddel mlli kankhebbiw token wa7ed bou7dou",
    "check.hidden": "ch7al mn tokens mkhebbyin",
    "check.shown": "ch7al mn tokens baynin",
    "check.model": "ghir l had lmodel w had ltexts: jerreb dialek",
    "check.skipped": "machi l had ltexts: {choices}",
    "check.rollout": (
        "f MiniLM w 10 d jomal, mlli khebbina tokens b tertib dial rollout da3 mn ljawab 9ed "
        "ma kaydi3 b tertib random (attnviz check)"
    ),
    "check.flow": (
        "f MiniLM w 10 d jomal, mlli khebbina tokens b tertib dial flow da3 mn ljawab ghir "
        "chwiya kter mn tertib random (attnviz check)"
    ),
}

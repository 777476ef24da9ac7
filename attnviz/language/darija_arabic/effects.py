"""Whether attention matters to the answer, in Darija in Arabic letters."""

SENTENCES = {
    # What is measured of an answer
    "read.next": "الـ token اللي جاي",
    "read.mask": "الكلمة المخبية",
    "read.class": "الـ class",
    "read.span": "البلاصة ديال الجواب",
    "read.vector": "الـ vector ديال الـ text",
    "read.likeness": "شحال كيتشابهو جوج texts",
    # What changes an answer
    "effect.mean": "كل head حطينا ف بلاصتو المعدل ديالو من {n_texts}",
    "effect.zero": "كل head حطينا ف بلاصتو صفر",
    "effect.text": "كل head حطينا ف بلاصتو داكشي اللي كيعطي ف الـ text الآخر",
    "effect.unit": "effect = {value}",
    "effect.none": "والو",
    "effect.together": "كاملين",
    "effect.colour": "اللون: square root ديال الـ effect، حتال {value}",
    "effect.jointly": "{places} مجموعين: {value}",
    "effect.cut": "«{query}» ← «{key}» مقطوع ف {places}: {value}",
    "effect.everywhere": "كل head",
    "effect.note": "اللي حيدنا هنا بدل الجواب؛ علاش، هادشي ماكيقولوش",
    "effect.top_head": "إلا حيدنا head {places}، الجواب كيتبدل ب {value}، كتر من أي head آخر.",
    "effect.no_head": "إلا حيدنا أي head بوحدو، الجواب كيبقى كيف ما هو.",
    "effect.top_token": (
        "إلا خبينا الـ token «{token}»، الجواب كيتبدل كتر من أي token آخر: ب {value}."
    ),
    # What heads do on probe texts
    "probe.title": "الـ heads ديال {model} ب probe",
    "probe.random": "{n_texts} ديال {k} token random، كل واحد مرتين",
    "probe.sentences": "{total} جملة",
    "probe.agreement": (
        "جوج texts random كيعطيو نفس الـ label ل {pct} من الـ heads، جوج جمل ل {low}"
    ),
    "probe.scores": (
        "% ديال الـ weight ف النص التاني، المعدل ± الفرق بين الـ texts random؛ chance: {value}"
    ),
    "claim.holds": (
        "{places} {what}: آه. {pct} من الـ weight ديالو ({low} ب chance)، البلاصة {done} من "
        "{total} head؛ {k} من {n_texts} كيسميوه هاكا."
    ),
    "claim.partly": (
        "{places} {what}: شوية. {pct} من الـ weight ديالو، كتر من chance ({low}) ب وضوح ولكن "
        "ماشي الكتر؛ البلاصة {done} من {total} head؛ {k} من {n_texts} كيسميوه هاكا."
    ),
    "claim.fails": (
        "{places} {what}: لا. {pct} من الـ weight ديالو، {low} ب chance؛ البلاصة {done} من "
        "{total} head؛ {k} من {n_texts} كيسميوه هاكا."
    ),
    # Whether an order of tokens holds
    "check.title": "check ديال {model} · {what} · {n_texts}",
    "check.order": "الـ tokens مرتبين ب",
    "check.than": "قدام random",
    "check.one": "token ب token",
    "check.length": "الطول ديال الـ embedding",
    "check.random": "random، {n} ترتيبات",
    "check.better": "حسن",
    "check.no_better": "ماشي حسن",
    "check.unclear": "ماواضحش",
    "check.note": (
        "deletion: شحال كيضيع من الجواب ملي كنخبيو الـ tokens ب هاد الترتيب؛ insertion: شحال "
        "كيكون منو ملي كنبينوهم بيه؛ كتر هو اللي حسن"
    ),
    "check.corr": "rank corr.: مع داكشي اللي كيتبدل ملي كنخبيو token واحد بوحدو",
    "check.hidden": "شحال من token مخبي",
    "check.shown": "شحال من token باين",
    "check.model": "غير ل هاد الموديل و هاد الـ texts: جرب ديالك",
    "check.skipped": "ماشي ل هاد الـ texts: {choices}",
    "check.rollout": (
        "ف MiniLM و 10 د الجمل، ملي خبينا الـ tokens ب الترتيب ديال rollout ضاع من الجواب قد "
        "ما كيضيع ب ترتيب random (attnviz check)"
    ),
    "check.flow": (
        "ف MiniLM و 10 د الجمل، ملي خبينا الـ tokens ب الترتيب ديال flow ضاع من الجواب غير "
        "شوية كتر من ترتيب random (attnviz check)"
    ),
}

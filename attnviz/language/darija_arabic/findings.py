"""What is said of weights, in words, in Darija in Arabic letters."""

SENTENCES = {
    # What attention is
    "concept.attention": "الـ attention هي طريقة كتساعد الموديل يشوف الأجزاء المهمين ف الـ input.",
    "concept.relevance": "كل token كيحسب الـ relevance ديال الـ tokens لخرين و كيعطيهم weights.",
    "concept.query": "الـ query: شنو كيقلب عليه هاد الـ token.",
    "concept.key": "الـ key: شنو عند كل token ما يعطي.",
    "concept.value": "الـ value: المعلومة اللي كتدوز.",
    "step.score": (
        "الـ score كيبين شحال الـ query و الـ key قراب لبعضياتهم: هو الـ dot product ديال هاد "
        "الجوج vectors."
    ),
    "step.scale": "كنقسمو كل score على {scale_expr} باش الـ scores مايوليوش كبار بزاف.",
    "step.softmax": (
        "الـ scores كيتحولو ل weights ب softmax: كل weight بين 0 و 1، و المجموع ديال كل سطر هو 1."
    ),
    "step.sum": (
        "كنضربو كل weight ف الـ value ديالو و كنجمعو كلشي: هادا هو الـ output ديال الـ token."
    ),
    "step.multihead": "Multi-head: {n_heads} كيخدمو ف نفس الوقت، و كل head يقدر يشوف علاقة مختلفة.",
    "type.self": "Self-attention: كل token كيشوف الـ tokens ديال نفس الجملة، و كيشوف حتى راسو.",
    "type.causal": (
        "Causal attention (ب mask): كل token كيشوف غير راسو و الـ tokens اللي قبل منو؛ اللي "
        "جاي من بعد مخبي."
    ),
    "type.cross": (
        "Cross-attention: الـ queries جايين من text، و الـ keys و الـ values جايين من text "
        "آخر؛ كل token ف الـ target كيشوف الـ tokens ديال الـ source."
    ),
    "type.local": (
        "Local attention: كل token كيشوف غير الـ tokens اللي حداه: {n_tokens} من كل جيهة."
    ),
    "type.global": (
        "Global attention: الـ tokens اللي ختارينا كيشوفو كلشي، و كلشي كيشوفهم. اللي ختارينا: "
        "{tokens}."
    ),
    # How to read a heatmap
    "heatmap.read": (
        "كيفاش تقرا الـ heatmap: كل سطر (row) هو query (الـ token اللي كيشوف)، و كل column هو "
        "key (الـ token اللي كيتشاف)."
    ),
    "limit.explain": (
        "رد البال: الـ attention weights كيبينو فين كيشوف الموديل، ماشي علاش خدا القرار. "
        "Weight كبير ماشي دليل بلي الـ token مهم."
    ),
    "limit.demo": (
        "هاد الـ weights جايين من موديل صغير ديال demo ب values random: كيبينو كيفاش كنحسبو، "
        "ماشي شنو تعلم الموديل."
    ),
    "limit.units": (
        "هنا الـ weights ديال الـ tokens مجموعين: فين كاينين tokens كتر، الـ weight كبير كتر."
    ),
    "limit.constructed": (
        "هاد الـ heads constructed، ماشي trained: كل head عندو matrices باش يشوف حاجة وحدة، "
        "حنا اللي ختاريناها."
    ),
    # What the weights of one query show
    "find.aside": "من weight كلو، {pct} كيمشي ل {tokens}: هنا ماحسبناهش.",
    "find.first": (
        "الـ token «{query}» كيشوف اللول ف «{key}»: {pct} من weight، من {left} اللي بقات."
    ),
    "find.top": "الـ token «{query}» كيعطي {pct} من الـ weight ديالو ل «{key}».",
    "find.self": "الـ token «{query}» كيخلي {pct} من الـ weight ديالو ل راسو.",
    "find.topk": "أكبر weights ديال الـ token «{query}»: {items}.",
    "find.tie": "الـ token «{query}» كيعطي نفس الـ weight ل {tokens} ({pct} ل كل واحد).",
    "find.flat": "الـ token «{query}» ماعندو حتى key باين كتر من لخرين: أكبر weight غير {pct}.",
    "find.focus": (
        "أكتر token مركز هو «{query}» (entropy {entropy})؛ أكتر token موزع هو «{other}» "
        "(entropy {other_entropy})."
    ),
    "find.received": "الـ token «{key}» كياخد أكبر weight: {pct} ف المعدل.",
    "unit.query": "query: اللي كيشوف",
    "unit.key": "key: اللي كيتشاف",
    "unit.top": "من «{query}»، {pct} من الـ weight كيمشي ل «{key}».",
    "unit.topk": "أكبر weights ديال «{query}»: {items}.",
    "unit.self": "من «{query}»، {pct} من الـ weight كيبقى تما.",
    # What heads look at
    "head.prev": "ف head {head}، كل token كيشوف غالبا الـ token اللي قبل منو ({pct} ف المعدل).",
    "head.next": "ف head {head}، كل token كيشوف غالبا الـ token اللي موراه ({pct} ف المعدل).",
    "head.self": "ف head {head}، كل token كيشوف غالبا راسو ({pct} ف المعدل).",
    "head.sink": (
        "ف head {head}، {pct} من الـ weight كيمشي ل الـ token اللول «{token}». هادشي كيتسمى "
        "«attention sink»: الـ head اللي مالقا فين يشوف كيحط تما الـ weight ديالو."
    ),
    "head.flat": (
        "الـ head {head} كيوزع الـ weight ديالو تقريبا بحال بحال على الـ tokens كاملين "
        "(entropy {entropy} من {max_entropy})."
    ),
    "head.sharp": (
        "الـ head {head} مركز: أكبر weight ف كل سطر هو {pct} ف المعدل (entropy {entropy} من "
        "{max_entropy})."
    ),
    "head.alike": (
        "اللي متشابهين كتر هوما heads {a} و {b} (similarity {sim})؛ اللي مختلفين كتر هوما "
        "heads {c} و {d}."
    ),
    "dist.mean": "ف المعدل، المسافة بين الـ query و الـ key هي {n_tokens}.",
    "dist.time": "الوقت ف المعدل بين query و key: {distance} ثانية.",
    "image.half": "نص ديال weight اللي ف التصويرة كاين ف {pct} منها.",
    "image.half_colour": ("نص ديال weight كاين ف {pct} ديال التصويرة اللي قراب ف اللون."),
    "image.half_place": ("نص ديال weight كاين ف {pct} ديال التصويرة اللي قراب ف البلاصة."),
    "dist.near_time": (
        "كيبقى {pct} من weight قريب ف الوقت ({distance} ثانية ولا أقل)؛ الباقي كيمشي بعيد."
    ),
    "dist.near": (
        "كيبقى {pct} من الـ weight قريب من الـ query ({n_tokens} ولا أقل)؛ الباقي كيمشي بعيد."
    ),
    # What a type of attention costs and shows
    "cost.local": "Local attention ب window {window} كتحسب {done} من {total_scores}: أقل ب {pct}.",
    "cost.global": "الـ global tokens كيزيدو {extra_scores}: ف المجموع {done} من {total_scores}.",
    "cost.full": (
        "الـ attention كاملة كتحسب n × n scores: {n_tokens} كيعطيو {total_scores}. إلا كبر الـ "
        "text جوج مرات، الحساب كيتضرب ف 4."
    ),
    "cost.mask": "الـ mask كيخبي {masked} من {total_scores} (اللي جاي من بعد).",
    "causal.first": (
        "الـ token اللول «{token}» كيشوف غير راسو، داكشي علاش الـ weight ديالو هو {pct}."
    ),
    "cross.align": (
        "ف الـ target، الـ token «{query}» مربوط مع الـ token «{key}» ف الـ source ({pct})."
    ),
    "cross.sharp": (
        "ف الـ target، {k} من {n_tokens} كيشوفو غالبا token واحد ف الـ source (كتر من {threshold})."
    ),
    "cross.sharp.one": (
        "ف الـ target، {k} من {n_tokens} كيشوف غالبا token واحد ف الـ source (كتر من {threshold})."
    ),
    # What is said of the moments of a sound
    "sound.beyond": "كاين {pct} من weight من بعد ما كيسالي الصوت، ف السكات اللي تزاد.",
    "sound.top": "ف «{query}»، {pct} من weight كيمشي ل لحظة «{key}».",
    "sound.self": "ف «{query}»، {pct} من weight كيبقى ف نفس اللحظة.",
    "sound.topk": "ف «{query}»، هاد اللحظات كياخدو أكبر weights: {items}.",
    "sound.tie": "ف «{query}»، هاد اللحظات كياخدو نفس weight: {tokens} ({pct} ل كل وحدة).",
    "sound.none": "ف «{query}» ماكاينة حتى لحظة باينة كتر من خرين: أكبر weight غير {pct}.",
    "sound.focus": (
        "الـ weight مركز كتر ف «{query}» (entropy {entropy})، و موزع كتر ف «{other}» "
        "(entropy {other_entropy})."
    ),
    "sound.received": "هاد اللحظة «{key}» كتاخد أكبر weight: {pct} ف المعدل.",
    "sound.prev": "ف head {head}، كل لحظة كتشوف غالبا اللحظة اللي قبل منها ({pct} ف المعدل).",
    "sound.next": "ف head {head}، كل لحظة كتشوف غالبا اللحظة اللي موراها ({pct} ف المعدل).",
    "sound.same": "ف head {head}، كل لحظة كتشوف غالبا راسها ({pct} ف المعدل).",
    "sound.sink": "ف head {head}، {pct} من weight كيمشي ل اللحظة اللولة «{token}».",
    "sound.flat": (
        "الـ head {head} كيوزع الـ weight ديالو تقريبا بحال بحال على اللحظات كاملين "
        "(entropy {entropy} من {max_entropy})."
    ),
    "sound.align": "كلمة «{query}» كتشوف غالبا لحظة «{key}» ({pct}).",
    "sound.sharp": "{k} من {n_tokens} كيشوفو غالبا لحظة وحدة (كتر من {threshold}).",
    "sound.sharp.one": "{k} من {n_tokens} كيشوف غالبا لحظة وحدة (كتر من {threshold}).",
}

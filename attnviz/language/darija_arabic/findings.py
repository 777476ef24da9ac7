"""What is said of weights, in words, in Darija in Arabic letters."""

SENTENCES = {
    # What attention is
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
    # How to read a heatmap
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
    "limit.units": "هنا weights ديال tokens مجموعين: فين كاينين tokens كتر، weight كبير كتر.",
    "limit.constructed": (
        "هاد heads constructed، ماشي trained: كل head عندو matrices باش يشوف حاجة وحدة اللي "
        "ختارينا."
    ),
    # What the weights of one query show
    "find.aside": "من weight كلو، {pct} كيمشي ل {tokens}: هنا ماحسبناهش.",
    "find.first": (
        "هاد token «{query}» كيشوف اللول ف «{key}»: {pct} من weight، من {left} اللي بقات."
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
    "unit.topk": "أكبر weights ديال «{query}»: {items}.",
    "unit.self": "من «{query}»، {pct} من weight كيبقى تما.",
    # What heads look at
    "head.prev": "ف head {head}، كل token كيشوف غالبا token اللي قبل منو ({pct} ف المعدل).",
    "head.next": "ف head {head}، كل token كيشوف غالبا token اللي موراه ({pct} ف المعدل).",
    "head.self": "ف head {head}، كل token كيشوف غالبا راسو ({pct} ف المعدل).",
    "head.sink": (
        "ف head {head}، {pct} من weight كيمشي ل token اللول «{token}». هادشي كيتسمى "
        "«attention sink»: الموديل كيحط تما weight اللي مامحتاجش ليه."
    ),
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
    "dist.time": "الوقت ف المعدل بين query و key: {distance} ثانية.",
    "image.half": "نص ديال weight اللي ف التصويرة كاين ف {pct} منها.",
    "image.half_colour": ("نص ديال weight كاين ف {pct} ديال التصويرة اللي قراب ف اللون."),
    "image.half_place": ("نص ديال weight كاين ف {pct} ديال التصويرة اللي قراب ف البلاصة."),
    "dist.near_time": (
        "كيبقى {pct} من weight قريب ف الوقت ({distance} ثانية ولا أقل)؛ الباقي كيمشي بعيد."
    ),
    "dist.near": "كيبقى {pct} من weight قريب من query ({n_tokens} ولا قل)؛ الباقي كيمشي بعيد.",
    # What a type of attention costs and shows
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
    "cross.sharp.one": (
        "ف target، {k} من {n_tokens} كيشوف غالبا token واحد ف source (كتر من {threshold})."
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
        "هاد head {head} كيوزع weight تقريبا ڭدڭد على اللحظات كاملين (entropy {entropy} من "
        "{max_entropy})."
    ),
    "sound.align": "كلمة «{query}» كتشوف غالبا لحظة «{key}» ({pct}).",
    "sound.sharp": "{k} من {n_tokens} كيشوفو غالبا لحظة وحدة (كتر من {threshold}).",
    "sound.sharp.one": "{k} من {n_tokens} كيشوف غالبا لحظة وحدة (كتر من {threshold}).",
}

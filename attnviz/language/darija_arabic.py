"""Moroccan Darija in Arabic letters: the sentences, and the nouns that are counted.

The register is everyday Darija around English terms of machine learning, as in the
"AI with Darija" blog.
"""

from __future__ import annotations

from functools import partial

from attnviz.language.darija import count
from attnviz.language.english import ENGLISH
from attnviz.language.language import Example, Language

# One of it (with its "one", which agrees in gender), several of it.
NOUNS = {
    "token": ("token", "واحد", "tokens"),
    "head": ("head", "واحد", "heads"),
    "layer": ("layer", "واحد", "layers"),
    "score": ("score", "واحد", "scores"),
    "word": ("كلمة", "وحدة", "كلمات"),
    "time": ("مرة", "وحدة", "مرات"),
    "key": ("key", "واحد", "keys"),
}

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
    # While a model runs
    "run.shape": "عندنا {n_tokens}، {n_layers}، {n_heads} ف كل layer.",
    "run.split": "الكلمة «{word}» تقسمات ل {n_tokens}: {tokens}.",
    "run.computing": "كنحسبو attention…",
    "run.loading": "كنشارجيو tokenizer…",
    "run.drawing": "كنرسمو heatmap…",
    "run.done": "سالينا ف {time}.",
    "run.saved": "الملف تسجل: {path}",
    "warn.glyph": "هاد font مافيهش هاد الحروف: {chars}. غادي يبانو بحال مربعات.",
    "warn.rtl": "يقدر هاد terminal مايبينش العربية مزيان: خدم ب {option} ولا سجل HTML.",
    "warn.unused": "{option} ماكتأثرش على {type} attention.",
    # What the user can put right
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
    "err.empty_source": "هاد source خاوي. كتب على الأقل كلمة وحدة.",
    "err.twice": "هاد token «{token}» كاين ف text {n_times}. ختار واحد: {choices}.",
    # Titles, notes and labels of every view
    "ui.constructed": "{n_heads}، built-in (constructed، ماشي trained)",
    "ui.random": "{n_heads}، random (ماشي trained)",
    "ui.given": "{n_heads}، weights كيف تعطاو",
    "ui.trained": "{n_heads} ديال {model}",
    "ui.replaces": "إلا كان: ف بلاصة {type} attention ديالو",
    "ui.shared": "keys و values مشاركين: {n}",
    "ui.truncated": "مقطوع: {n_tokens}",
    "ui.values": "weights × الطول ديال values، كل سطر 100%",
    "ui.contributions": "contributions (ALTI): شحال جاب كل word من layers اللي تحت",
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
    "ui.rowsum": "المجموع ديال كل سطر: {pct}",
    "ui.rowsums": "المجموع ديال سطر: من {low} حتال {high}",
    "ui.masked": "نقطة = مخبي",
    "ui.arcs": "كل query و key آخر اللي كيشوف كتر",
    "ui.grey": "رمادي = مخبي",
    "ui.cells": "كل خانة: معدل، حتال {rows} × {columns} weights",
    "ui.kept": "streamed: من كل query خلينا أكبر weights: {k}",
    "ui.part": "سطورا {rows}، columns {columns} من {down} × {across} token",
    "ui.far": "أكبر weights بين tokens بعاد",
    "ui.apart": "بعاد ب {far} token",
    "ui.none_far": "ما كاينش weight بين tokens بعاد",
    "ui.own_scale": "كل head ب scale ديالو، المضوي كتر = أكبر weight ديالو",
    "ui.image_heads": "{query} كيشوف: اللي ضاوي عندو weight كتر، كل تصويرة ب scale ديالها",
    "ui.image_words": "فين كل كلمة كتشوف، كل تصويرة ب scale ديالها؛ بحال بحال = ما كتقول والو",
    "ui.image_even": "بحال بحال",
    "ui.image_query": "{query} كيشوف",
    "ui.image_hints": "--query r3c7: patch آخر · --head 0 كيبين head واحد · -o map.png",
    "ui.hints": "-o map.png كيسجل تصويرة · --head 0 كيبين head واحد · --show top, arcs",
    "ui.timeline": ("سطر واحد ل كل token اللي تكتب: probability ديالو، و فين شاف model باش ختارو"),
    "ui.looks_at": "كيشوف",
    "ui.block.sink": "sink",
    "ui.block.system": "system",
    "ui.block.prompt": "prompt",
    "ui.block.written": "مكتوب",
    "ui.block.source": "source",
    "ui.block.special": "special",
    "ui.align.heads": "heads اللي كيألينيو مزيان: {places}",
    "ui.align.all": "معدل ديال كاع heads ف كاع layers",
    "ui.aligned": "كل سطر فيه 100%؛ {pct} ديال attention باقي ف بلاصة خرا",
    "ui.asks": "فين كيشوف سؤال ف texte، ف layer الأخر",
    "ui.predict.next": "شنو كيقول {model} غادي يجي",
    "ui.predict.mask": "شنو كيدير {model} ف بلاصة [MASK]",
    "ui.predict.class": "class اللي كيعطي {model} ل texte",
    "ui.predict.token_class": "class اللي كيعطي {model} ل كل token",
    "ui.predict.answer": "فين كيلقى {model} الجواب",
    "ui.predict.asked": 'log-probability ديال "{token}": {value} ({reason})',
    "ui.findings": "شنو كيبينو هاد weights",
    "ui.unexplained": "ماكاين حتى weight باين كتر من خرين.",
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
    "ui.csv_streamed": "هاد weights streamed: ف هاد table غير أكبر weights ديال كل query.",
    "ui.more_keys": "و زيد {n_keys}، ب weights صغار كتر",
    "ui.places": "({k} من {n} رقم: بلايص {places})",
    "ui.masked_keys": "{n} من {total} keys مخبيين",
    "ui.rounded": (
        "حسبنا بالأرقام المقربة اللي باينة؛ weights ديال البرنامج مختلفين غير ب {difference} "
        "على الأكتر."
    ),
    # The cost of longer texts
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
    # Keys of the explorer, in a word and in a line
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
    # The lesson
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
    # The page
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

DARIJA_ARABIC = Language(
    tag="ary-Arab",
    name="الدارجة",
    sentences=SENTENCES,
    count=partial(count, nouns=NOUNS, two="جوج", of="د"),
    comma="، ",
    quotes=("«", "»"),
    less_than_one="قل من 1%",
    example=Example(
        text="القط ناعس حدا الباب، القط عيان",
        query="ناعس",
        target="خويا شرا 3 كيلو ديال الحوت.",
        source="My brother bought 3 kilos of fish.",
        global_token="ناعس",
    ),
    fallback=ENGLISH,
    right_to_left=True,
)

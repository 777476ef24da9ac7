"""What the user can put right of runs, measures and pictures, in Darija in Arabic letters."""

SENTENCES = {
    "err.text_several": "تعطى text و بزاف ديال texts. عطي غير واحد.",
    "err.no_text_check": "ماكاين حتى text باش نتشيكيوه. عطي على الأقل واحد.",
    "err.text_can": "الـ text فيه {n_tokens} نقدرو نخبيوهم. عطي على الأقل {least_tokens}.",
    "err.hiding_every": (
        "واخا نخبيو كل token هاد الجواب ماكيتبدلش: ماكاين ما نرتبو. ختار text آخر ولا `answer` آخر."
    ),
    "err.weights_so": "الـ weights ديال text طويل بحال هادا هوما streamed. تشيكي text قصر.",
    "err.model_reads": "الموديل ماكيقراش كلمات. ختار measure آخر.",
    "err.tokens_b": (
        "`a` فيه {rows} × {columns} tokens و `b` فيه {others} × {theirs}. قارن texts اللي "
        "عندهم نفس العدد ديال tokens."
    ),
    "err.contributions_need": (
        "الـ contributions خاصهم موديل فيه layers و norms، و {model} ماعندوش. ختار checkpoint، "
        "ولا `measure` values."
    ),
    "err.contributions_among": (
        "الـ contributions بين {n_tokens} غادي ياخدو بزاف ديال memory. عطي text فيه على الأكتر "
        "{value} tokens."
    ),
    "err.contributions_follow": (
        "الـ contributions كيتبعو text واحد ف layers عاديين، و {stack} ديال {model} نوع آخر. "
        "ختار encoder، decoder بوحدو، ولا `measure` values."
    ),
    "err.layers_do": (
        "الـ layers ديال {name} كيديرو كتر من جمع ديال داكشي اللي كيعطيو tokens: contributions "
        "غادي ينساوه. ختار `measure` values ولا weights."
    ),
    "err.four_steps": (
        "ربعة ديال steps ماشي هوما كلشي ف هاد الموديل: كيزيد bias ولا cap ل scores، ولا فيه "
        "جوج أنواع ديال queries. تبع موديل بلا هادشي (heads built-in، minilm، GPT-2، Llama …)."
    ),
    "err.two_kinds": (
        "{model} فيه جوج أنواع ديال queries، اللي مايقدروش يتحيدو بوحدهم. ختار موديل آخر."
    ),
    "err.no_edge": "ماكاينة حتى edge نقطعوها. عطي على الأقل وحدة بحال (query, key).",
    "err.nothing_stands": 'ماكاين والو ف بلاصة heads: by="text" خاصها text آخر. عطي `other`.',
    "err.gives_answers": (
        "{model} كيعطي جوابات، و text آخر كيتقارن ب vectors. حيد `other`، ولا خود heads منو ب "
        "`by` «text»."
    ),
    "err.text_own": (
        "الـ text واحد من texts ديال reference ديالو: ترتيب ديالو غادي يكون بلا معنى. عطي "
        "texts ديال reference خرين."
    ),
    "err.no_reference": "ماكاين حتى text ديال reference. عطي على الأقل واحد.",
    "err.text_other": (
        "الـ text فيه {n_tokens} و لاخر {n}: {names} | {names2}. عطي text ب نفس العدد ديال tokens."
    ),
    "err.both_texts": (
        "جوج texts كيعطيو نفس الجواب: ماكاين ما نرجعو. عطي text آخر اللي الموديل كيجاوب عليه ب "
        "طريقة خرى."
    ),
    "err.head_named": "الـ head تعطى جوج مرات. عطي كل head مرة وحدة.",
    "err.worker_process_kept": (
        "الـ worker مات، يقدر يكون حيت memory ماكافياش. عاود نفس الـ command: {n_chunks} "
        "chunks اللي سالاو باقيين ف {folder}."
    ),
    "err.worker_process_lost": (
        "الـ worker مات، يقدر يكون حيت memory ماكافياش. بلا `folder` ما بقا والو: عطي واحد، و "
        "نفس الـ command كيكمل فيه."
    ),
    "err.scheduler_worker_kept": (
        "الـ scheduler ولا worker مشا. عاود نفس الـ command: {n_chunks} chunks اللي سالاو "
        "باقيين ف {folder}."
    ),
    "err.scheduler_worker_lost": (
        "الـ scheduler ولا worker مشا. بلا `folder` ما بقا والو: عطي واحد، و نفس الـ command "
        "كيكمل فيه."
    ),
    "err.scheduler_takes": (
        "الـ scheduler خاصو Dask، و هو ما تأنسطالاش. دير: pip install 'attnviz[dask]'."
    ),
    "err.scheduler_cannot": (
        "ماقدرناش نوصلو ل scheduler {scheduler}. شوف address ديالو مزيان، بحال "
        "tcp://127.0.0.1:8786، و واش خدام."
    ),
    "err.worker_attnviz": (
        "الـ worker {name} فيه attnviz {found}، و هادي {version}. أنسطالي نفس version ف كل بلاصة."
    ),
    "err.predicts_not": (
        "{model} كيتوقع {kind}، ماشي الـ token اللي موراه. سولو ب `attnviz predict`، ولا خود "
        "موديل اللي كيكتب."
    ),
    "err.do_sample": (
        "`do_sample` هو false، و تعطات `temperature`، `top_k`، `top_p` ولا `min_p`. حيدهم، ولا "
        "دير sampling."
    ),
    "err.min_new": (
        "`min_new_tokens` هو {min_new_tokens} و `max_new_tokens` {longest}. اللول ماخاصوش يكون كبر."
    ),
    "err.predicts_only": (
        "{model} كيتوقع {kind}، و هادي كتجي غير من layer اللخر ديالو. ختار موديل اللي كيتوقع "
        "tokens."
    ),
    "err.norms_every": (
        "{model} كيدير norm ل كل جمع ديال layers ديالو: داكشي اللي كيزيد head ل الجواب غادي "
        "يتبع كل norm اللي جاي من بعد. حيد `against`، ولا خدم ب `effect`، اللي كيقيس ب تحياد "
        "ديال heads."
    ),
    "err.not_size": "«{size}» ماشي قد ديال memory. كتب 500MB، 1GiB ولا 4096.",
    "err.take_before": (
        "{n_tokens} كياخدو {taken} قبل weights، و نقدرو نخدمو غير ب {value}. عطي حاجة صغر، "
        "heads أقل، ولا `max_memory` {smallest}."
    ),
    "err.all_weights_take": (
        "الـ weights كاملين كياخدو هنا {whole}، و نقدرو نخدمو غير ب {most}. عطي حاجة صغر."
    ),
    "err.memory_do": (
        "{budget} ديال memory ماكافياش ل سطر واحد ديال {value} weights ل كل thread ({row}). "
        "أصغر قيمة اللي كتخدم هي `max_memory` {smallest}."
    ),
    "err.what_kept": (
        "داكشي اللي كنخليو من {n_tokens} ف {n_layers} ديال {heads} heads (map، أكبر keys، "
        "measures) كياخد {kept}، و نقدرو نخدمو غير ب {budget}. عطي heads أقل (تقريبا {one} ل "
        "كل واحد)، حاجة صغر، ولا `max_memory` {smallest}."
    ),
    "err.this_model_two": (
        "هاد الموديل فيه جوج أنواع ديال values، اللي مايقدروش يتوزنو. ختار واحد آخر."
    ),
    "err.picture_sound": "تعطاو تصويرة و صوت ب جوج. عطي غير واحد.",
    "err.own_number": "{model} عندو العدد ديالو ديال heads. حيد `heads`: كنسجلوهم كاملين.",
    "err.no_cross": "{whose} ماعندوش cross-attention. حيد `type`.",
    "err.cross_attention_looks": (
        "Cross-attention كتشوف من text ل text آخر، و ماكاينش source. عطي `source`."
    ),
    "err.source_cross": (
        "الـ source ديال cross-attention، و الـ type هو {kind}. دير `type` cross، ولا حيد `source`."
    ),
    "err.no_global": "ماختاريتي حتى global token. عطي positions ولا كلمات من الـ text.",
    "err.k_must": "`k` هو {value}. خاص يكون رقم صحيح من 1 ل فوق.",
    "err.does_not_apply_compares": (
        "`{name}` ماكتخدمش مع {model}، اللي كيقارن texts مع تصويرة. حيدها."
    ),
    "err.finds_answer": (
        "{model} كيلقا الجواب ف passage، و ماكاينش passage. عطي سؤال ب text و الـ passage ب `pair`."
    ),
    "err.predicts": "{model} كيتوقع {kind}. ماعندوش chat.",
    "err.no_mask": "ماكاينش [MASK] ف الـ text. كتب [MASK] ف بلاصة كلمة، ولا عطي بلايص ب `at`.",
    "err.answer_empty": "الجواب خاوي. كتب على الأقل كلمة وحدة.",
    "err.not_class": "«{answer}» ماشي class ديال {model}. فيه: {names}.",
    "err.cut_into": (
        "«{answer}» مقسم على {n_tokens}، و كاينين {n} بلايص ديال [MASK]. كتب [MASK] قد ما كاين "
        "من token ف الجواب."
    ),
    "err.not_claim": (
        "«{claim}» ماشي claim على head. كتب layer.head و pattern، بحال «5.3 induction»."
    ),
    "err.takes_too": (
        "{model} كياخد tokens قلال بزاف، ولا كيعرف غير شوية، باش نديرو probe. ختار موديل اللي "
        "كياخد {value} tokens ولا كتر."
    ),
    "err.fewer_than": "كاين أقل من جوج texts. عطي جوج ولا كتر، واحد ف كل سطر.",
    "err.no_prediction": (
        "{model} ماعندوش prediction head: كيعطي vectors، ماشي جوابات. حيد `answer`."
    ),
    "err.no_mask_text": "ماكاينش [MASK] ف الـ text. كتب [MASK] ف بلاصة كلمة وحدة منو.",
    "err.not_class_has": "«{name}» ماشي class ديال {model}. فيه: {names}.",
    "err.no_token_this": "«{name}» ماشي token ديال هاد الموديل. عطي كلمة اللي كيعرف.",
    "err.this_model_answer": (
        "«{name}» هي {n_tokens} ديال هاد الموديل. عطي جواب اللي هو token واحد."
    ),
    "err.weights_heads": (
        "{rows} × {columns} weights ف {value} heads كياخدو {needed}، و نقدرو نخدمو غير ب "
        "{most}. طلب part صغار (`rows`، `columns`)، units كبار، ولا heads أقل."
    ),
    "err.compares_texts": (
        "{model} كيقارن texts مع تصويرة، و ماكاينش {missing}. عطي text (ولا بزاف، واحد ف كل "
        "سطر) و `image`."
    ),
    "err.workers": "workers هوما {workers}. خاص يكون 1 ولا كتر.",
    "err.workers_open": "الـ workers كيحلو الموديل ب راسهم. عطي سمية ولا دوسي ديالو.",
    "err.no_text_survey": "ماكاين حتى text ل survey. عطي على الأقل سطر ماشي خاوي.",
    "err.none_could": "ماقدرناش نخدمو حتى واحد من {n_texts}؛ {place}: {reason}",
    "err.cannot_use": "ماقدرناش نخدمو ب الدوسي {place}: {reason}.",
    "err.holds_another": (
        "{place} فيه survey آخر: texts خرين، موديل آخر ولا options خرين. عطي دوسي آخر، ولا مسح "
        "هادا."
    ),
    "err.broken_delete": "{place} خاسر. مسحو: texts ديالو غادي يخدمو عاود تاني.",
    "err.texts_changed": "الـ texts تبدلو من بعد ما تكتب {place}. عطي دوسي آخر.",
    "err.reads_pictures": (
        "{model} ({family}) كيقرا تصاور ولا أصوات، اللي قد ديالهم ديالهم. Cost كيتحسب على "
        "الطول ديال texts: حيد `model`، ولا عطي واحد ديال texts."
    ),
    "err.texts_stands": "`texts` كتكون بوحدها. حيد `text` و `progress`.",
    "err.contributions_follow_text": (
        "الـ contributions كيتبعو text واحد اللي خلينا weights ديالو. ختار stack ديال "
        "self-attention، ولا عطي text قصر."
    ),
    "err.weights_so_long": (
        "الـ weights ديال text طويل بحال هادا هوما streamed، و مانقدروش نخليو والو حداهم. دير "
        "trace ل text قصر، ولا زيد ليه ف `max_memory`."
    ),
    "err.does_not_say_tokens": (
        "{model} ماكيڭولش أينا tokens هوما timestamps (no_timestamps_token_id). حيد "
        "`timestamps`، ولا عطي generation_config.json اللي تسجل معاه."
    ),
    "err.says_letters": (
        "{model} كيڭول حروف ل frames: كيعرف لغة وحدة، و ماكيترجم والو. حيد `language`، `task` "
        "و `timestamps`."
    ),
    "err.does_not_write": (
        "{model} ({family}) ماكيكتبش داكشي اللي كيسمع. ختار checkpoint اللي كيدير هادشي، بحال "
        "Whisper."
    ),
    "err.no_head": "{model} ماعندوش head ديال كلمات. ختار checkpoint آخر.",
    "err.no_window": "ماكاينش window {window}. هوما من 0 ل {value}.",
    "err.changed_adapter": (
        "{model} مبدل ب adapter، و كنقارنو غير checkpoints كاملين. قارن الـ checkpoint بوحدو."
    ),
    "err.transformers_cannot": (
        "transformers ماقدرش يحل {place}: {first} الـ weights quantised و ملفات GGUF خاصهم تما "
        "libraries خرين."
    ),
    "err.table_weights": (
        "الـ table ديال weights كيهز texts على الأكتر ب {cells} tokens. كتب .json ولا تصويرة."
    ),
    "err.figure_size": "`figure` و `size` ب جوج كيڭولو العرض. عطي غير واحد.",
    "err.not_size_write": (
        "«{size}» ماشي قد. كتب العرض بحال 3.3in، 84mm ولا 240pt، ولا جوج جيهات: 84mm x 60mm."
    ),
    "err.must_from_must": "{name} هو {value} {unit}. خاص يكون من {least} ل {most}.",
    "err.no_mean_layers": "ماكاينش mean ديال layers. بين واحد، شي شحال (0-3)، ولا all.",
    "err.show_layer": (
        "`show` {show} ديال layer واحد، و `layer` {layer} كيعني {n}. ختار واحد، ولا `show` grid."
    ),
    "err.matplotlib_cannot": (
        "matplotlib ما بغاتش تخدم: {reason}. تصاور محتاجين ليها: عاود أنسطاليها."
    ),
    "err.rows_so": "السطور ديال text طويل بحال هادا ما خليناهمش. عطي text قصر.",
    "err.picture_room": (
        "تصويرة كتهز {most_rows} سطور، و هادو {n_rows}. بين جزء، ب `rows`، ولا heatmap."
    ),
    "err.picture_inches": (
        "تصويرة ديال {size} inches صغيرة بزاف على الـ text ديالها ب {letters} points. اللي "
        "كيدخل: {names}."
    ),
    "err.picture_numbers": (
        "تصويرة كتهز أرقام ديال {side} × {side} ديال الـ cells، و {most} في المجموع: هادو {n}. بين "
        "جزء، ب `rows` و `columns`، ولا ما تكتبش `annotate`."
    ),
    "err.picture_inches_dpi": (
        "تصويرة ديال {width} × {height} inches ب `dpi` {dpi} كبيرة بزاف. اللي كيدخل: `dpi` {fits}."
    ),
    "err.prompt_some": (
        "الـ prompt فيه {n_tokens} و {model} عندو بلايص غير ل {limit}: باقين {fit} tokens "
        "جداد. طلب `max_new_tokens` {fit} على الأكتر."
    ),
    "err.prompt_none": (
        "الـ prompt فيه {n_tokens} و {model} عندو بلايص غير ل {limit}: مابقات بلاصة ل حتى "
        "token جديد. عطي prompt قصر."
    ),
    "err.mass": (
        "القيمة «{value}» ماشي share ديال weight. عطي واحد كتر من 0% و حتى ل 100%: 50%، ولا 0.5."
    ),
    "err.mass_picture": (
        "القيمة `mass` ديال التصاور، و هنا حتى واحد ماكيشوف تصويرة. عطي `image`، ولا حيدو."
    ),
}

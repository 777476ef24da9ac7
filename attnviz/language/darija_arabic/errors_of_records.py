"""What the user can put right of weights and records, in Darija in Arabic letters."""

SENTENCES = {
    "err.nothing_written": "ماكاين والو مكتوب ف هاد الـ record. خود record ديال شي text مكتوب.",
    "err.text_so": "الـ text طويل بزاف، داكشي علاش weights ديالو streamed. زيد ف `max_memory`.",
    "err.nothing_align": "ماكاين ما يتاليني. كتب و قرا على الأقل كلمة وحدة.",
    "err.this_record": (
        "الـ text ديال هاد الـ record ما مكتوبش على شي تصويرة. سجل الـ record ديال شي caption "
        "اللي كتب `attnviz caption`."
    ),
    "err.stacks_other": (
        "واحد فيه stacks {names}، و لاخر فيه {names2}. قارن records ديال نفس الموديل."
    ),
    "err.streamed_record": "Record اللي streamed مافيهش weights ديالو. خدم ب texts قصار باش تقارن.",
    "err.weights_other": (
        "الـ weights ديال {name} هوما {shape} ف واحد و {shape2} ف لاخر. قارن records اللي "
        "عندهم نفس layers، heads و tokens."
    ),
    "err.residual": "الـ residual هو {residual}. خاص يكون بين 0 و 1.",
    "err.follows_gaps": (
        "{what} كيتبع attention ف كاع layers، و هنا شي layers ماعندهمش: tokens كيتخلطو تما ب "
        "طريقة خرا اللي مايمكنش يتبعها."
    ),
    "err.follows_tokens": (
        "{what} كيتبع tokens من layer ل layer، و هنا queries و keys ماشي هوما نفس tokens: ختار "
        "stack ديال self-attention، و كلو (تقدر تبين جزء ديال سطور و columns من بعد)."
    ),
    "err.needs_all": (
        "{what} خاصو weights كاملين؛ ف text طويل بحال هادا هوما streamed. عطي text قصر."
    ),
    "err.flow_through": (
        "Flow ف {n_layers} ديال {n_tokens} غادي ياخد بزاف ديال الوقت: الحد هو {most_tokens} "
        "tokens ف {most_layers} layers، ولا {fitting} ف {n_layers}. عطي text قصر ولا layer "
        "تحت، ولا ختار rollout اللي ماعندو حد."
    ),
    "err.groups_texts": (
        "كاينين {n} groups ديال texts، و نقدرو نقارنو غير جوج. ختار column فيه جوج قيمات."
    ),
    "err.surveys_heads": (
        "الـ surveys فيهم {shapes} heads. قارن models اللي عندهم نفس العدد ديال layers و heads."
    ),
    "err.not_survey": (
        "{place} ماشي survey ديال attnviz ({name}: {reason}). عطي ملف .npz اللي كتب attnviz survey."
    ),
    "err.writing_parquet": (
        "باش نكتبو Parquet خاص pyarrow، و هو ما تأنسطالاش. دير: pip install 'attnviz[parquet]'."
    ),
    "err.this_record_no": (
        "هاد الـ record مافيهش steps: الـ text ديالو تعطى، ماشي الموديل اللي كتبو. سجل الـ "
        "record ديال شي text اللي كتب `attnviz generate`."
    ),
    "err.measure_needs": (
        "`measure` {measure} خاصو موديل، و record ماعندو والو. عطي الـ text ب راسو، ولا ختار "
        "weights، rollout ولا flow."
    ),
    "err.columns_sum": "المجموع ديال السطور {value}، و ديال كل column هو 1. {todo}",
    "err.measure_follows": (
        "`measure` {measure} كيتبع text واحد ف layers، و هاد الـ stack فيه جوج texts. ختار "
        "stack ديال self-attention، إلا كان ف الموديل."
    ),
    "err.shift": "الـ shift هو {moved}. خاص يكون أقل من الكبر، {wide}.",
    "err.must_whole": "الـ {what} هو {value}. خاص يكون رقم صحيح.",
    "err.must_more": "الـ {what} هو {value}. خاص يكون {lowest} ولا كتر.",
    "err.give_list": "الـ {what}s هوما {values}. عطي ليستة ديال أرقام صحاح.",
    "err.unknown_mask": "Rule ديال mask {name} ف الـ record مامعروفاش.",
    "err.scores_too": "الـ scores كبار بزاف على float64. صغر `query`، `key`، `scale` ولا `bias`.",
    "err.mask_dtype": "الـ mask عندو dtype {dtype}. عطي booleans، floats ولا rule.",
    "err.softcap": "الـ softcap هو {softcap}. خاص يكون رقم كبر من 0.",
    "err.must_number": "الـ {name} هو {value}. خاص يكون رقم.",
    "err.not_array": "{name} ماشي array ديال أرقام: {reason}",
    "err.dtype": "{name} عندو dtype {dtype}. خاص يكونو أرقام حقيقية.",
    "err.shape": "{name} عندو shape {shape}. خاص يكون (…, heads, tokens, head_dim).",
    "err.query_head": (
        "الـ query عندو head_dim {shape} و الـ key عندو {shape2}. خاصهم يكونو بحال بحال."
    ),
    "err.keys_values": "كاينين {shape} keys و {shape2} values. كل key خاصو value وحدة.",
    "err.query_heads": (
        "{heads} query heads مايقدروش يشتاركو ف {heads2} key heads و {heads3} value heads. "
        "العدد ديال query heads خاصو يكون multiple ديال key heads، و value heads قد key heads."
    ),
    "err.query_key": (
        "query، key و value عندهم shapes {shape}، {shape2} و {shape3}. الـ axes اللولين خاصهم "
        "يكونو بحال بحال (enable_gqa=True كيخلي query heads يشتاركو ف keys)."
    ),
    "err.shape_cannot": "{name} عندو shape {value} و مايقدرش ياخد بلاصة shape {shape}.",
    "err.document_mask": (
        "الـ document mask فيه {n} ids و طلبتي الـ position {last}. عطي id واحد ل كل token."
    ),
    "err.mask_cells": (
        "الـ mask فيه {known} × {known2} cells و طلبتي {n_queries} queries و {n_keys}. عطي سطر "
        "ل كل query و column ل كل key."
    ),
    "err.query_shape": (
        "الـ query عندو shape {shape}. الـ streaming كياخد (heads, tokens, head_dim)."
    ),
    "err.block_rows": "الـ block ديال سطور هو {block_rows}. خاص يكون 1 ولا كتر.",
    "err.weights_values": (
        "الـ weights {shape}، values {shape2} و الـ matrix ديال output {shape3} ماكيواتيوش. "
        "عطي (heads, queries, keys)، (key heads, keys, size) و (heads × size, width)."
    ),
    "err.cannot_shown": "ماقدرناش نبينو {place}: {why}.",
    "err.cannot_shown_pickle": (
        "ماقدرناش نبينو {place}: من pickle كنقراو غير tensors، و ماكنخدمو والو. {value} سجل "
        "tensors بوحدهم ب torch.save، ولا arrays ب numpy.savez."
    ),
    "err.weight": (
        "كاين weight {what} ({array}) ف {where}. الـ weights كيجيو من بعد softmax، بين 0 و 1."
    ),
    "err.cross_attention": (
        "Cross-attention كتشوف text آخر، و tokens ديالو ما تعطاوش. عطيهم ب `key_tokens`."
    ),
    "err.weights_tokens": (
        "الـ weights فيهم {n} {what} tokens، و الحد هو {most_tokens}. عطي جزء منهم."
    ),
    "err.tokens": "{what} tokens هوما {value}. عطي ليستة ديال strings.",
    "err.tokens_weights": (
        "كاينين {n} {what} tokens و weights فيهم {n2} {axis}. عطي token ل كل سطر، و "
        "`key_tokens` إلا كانو columns tokens خرين."
    ),
    "err.weights_encoder": (
        "الـ weights هوما {names} ديال encoder-decoder، و الـ type هو {type}. حيد الـ type."
    ),
    "err.weights_encoder_decoder": (
        "الـ weights هوما {names} ديال encoder-decoder، و tokens ديال الـ encoder ما تعطاوش. "
        "عطي ديال الـ decoder ب `tokens` و ديال الـ encoder ب `key_tokens`."
    ),
    "err.weight_lies": (
        "Weight ديال {weights} كاين ف {where}، و {type} كتخبيه. حيد الـ type، ولا قلب منين كيهرب."
    ),
    "err.no_token_seen": (
        "حتى token ما كيشوفوه كاملين ولا كيشوف كلشي، كيف خاص ف global attention. حيد الـ type."
    ),
    "err.outputs_hold": "الـ outputs فيهم attentions و decoder_attentions. عطي غير وحدة منهم.",
    "err.batch": "{where}: batch ديال {n}. ختار text واحد منو، بحال layer[i : i + 1].",
    "err.batch_after": (
        "{where}: batch ديال {n}. من بعد beam search عطي outputs ديال generate() كاملين: "
        "beam_indices ديالهم كيڭولو كل سطر ديال من. من بزاف ديال texts ختار واحد، بحال "
        "[[layer[i : i + 1] for layer in step] for step in attentions]."
    ),
    "err.layers_not": (
        "الـ layers ماشي array منظم ديال أرقام: layer {nth} عندو shape {shape} و layer 0 عندو "
        "{shape2}. عطي layers ب نفس shape، ولا واحد بوحدو."
    ),
    "err.outputs_hold_texts": (
        "الـ outputs فيهم {value} texts (beam_indices عندو shape {shape}). ختار واحد، بحال "
        "{{'attentions': outputs.attentions, 'beam_indices': outputs.beam_indices[0:1]}}."
    ),
    "err.beams_steps": "الـ beams فيهم {n} steps و attentions {n2}. عطيهم ب جوج من نفس generate().",
    "err.step_layer": (
        "Step {nth}، layer {layer} عندو shape (1، {names})، و هادا ماكيكملش {value} سطور. عطي "
        "attentions ديال generate() كيف هوما."
    ),
    "err.attentions_their": (
        "كاينين {n_layers} ديال attentions و {n} ديال الـ part الـ global ديالهم. عطي "
        "attentions و global_attentions ديال نفس output."
    ),
    "err.layer_shape": (
        "Layer {nth} عندو shape {shape}، {n_global} global tokens و {n} سطور ديالهم: ماشي "
        "layout ديال Longformer. عطي attentions و global_attentions ديال نفس output."
    ),
    "err.layer_head": "`layer` «{layer}» و `head` «{head}» ماشي head واحد. عطي واحد، بحال «2.8».",
    "err.not_layer": '«{wanted}» ماشي layer. عطي رقم ("2«، »-1") ولا last.',
    "err.not_head": "«{part}» ماشي head. كتب layer.head، بحال 5.3، -1.0 ولا last.0-3.",
    "err.heads_not": (
        "الـ heads «{head}» ماشي كلهم معاهم الـ layer ديالهم. كتب كل واحد layer.head "
        '("5.3,2.11")، ولا الـ layer بوحدو.'
    ),
    "err.record_attnviz": "{place} record ديال attnviz و فيه {what} ديالو. حيد {what}.",
    "err.folder_name_file": "{place} دوسي. عطي ملف.",
    "err.pickle_not": (
        "{place} pickle، و ماكنحلوهش: pickle كيخدم code. سجل arrays ب numpy.save، numpy.savez "
        "ولا safetensors."
    ),
    "err.not_regular": "{place} ماشي ملف عادي. عطي ملف.",
    "err.empty_file": "{place} خاوي. عطي ملف {suffix} فيه weights.",
    "err.not_record": (
        "{place} ماشي record ديال attnviz ({name}: {reason}). عطي ملف .npz، .json ولا .csv "
        "اللي كتب attnviz."
    ),
    "err.record_would": (
        "الـ record غادي يكون فيه {found}، و {most} هو الحد اللي كيتقرا. كتب جزء من text."
    ),
    "err.json_would": (
        "JSON غادي يكون فيه {value} رقم، و الحد هو {most}. كتب .npz، ولا جزء من الـ text."
    ),
    "err.only_special": "كاينين غير special tokens. بينهم، ولا عطي text آخر.",
    "err.all_weights": (
        "باش {what}، خاص نخليو weights كاملين؛ ف text طويل بحال هادا هوما streamed. عطي text قصر."
    ),
    "err.not_among": "«{wish}» ماكاينش ف tokens اللي باينين. ختار واحد منهم، ولا بين كتر.",
    "err.range_holds": (
        "Range {part} مافيه حتى token. الـ positions من 0 ل {value}؛ اللخر ديال الـ range ماشي منو."
    ),
    "err.this_record_not": '{name} ديال هاد الـ record ما خليناهش. دير trace ب keep=("{name}",).',
    "err.keys_asked": "طلبتي {value} keys. طلب 0 ولا كتر.",
    "err.only_strongest": "من هاد الـ text الطويل خلينا غير {kept} keys اللي عندهم أكبر weight.",
    "err.compares_positions": (
        "«{name}» كيقارن positions ف text واحد، و cross-attention فيها جوج: ختار measure آخر."
    ),
    "err.map_size": "الكبر ديال الـ map هو {max_size}. خاص يكون 1 ولا كتر.",
    "err.table_would": (
        "الـ table غادي يكون فيه {n_lines} سطور، و الحد هو {most_lines}. كتب .npz، ولا جزء من "
        "الـ text."
    ),
    "err.no_cells": "{why} عطي booleans (queries, keys)، ولا strings ديال 0 و 1 ب نفس الطول.",
    "err.row_sum": (
        "كاين سطر المجموع ديالو {value}، كتر من 1، ف {where} (أكبر weight ديالو). {todo}"
    ),
    "err.within_one_given": ("{kind} كتكون ف text واحد، و تعطاو `key_tokens`. حيد الـ type."),
    "err.within_one": (
        "{kind} كتكون ف text واحد، و هاد الـ weights، {size}، ديال جوج. حيد الـ type."
    ),
    "err.weights_none": (
        "الـ weights هوما None، ماشي array منظم ديال أرقام. شارجي الموديل ب "
        'attn_implementation="eager" و عيط ليه ب output_attentions=True.'
    ),
    "err.no_layout": (
        "الـ weights ماشي ف شي layout معروف ({reason}). عطي (queries, keys)، (heads, queries, "
        "keys) ولا (layers, heads, queries, keys)."
    ),
    "err.no_attentions": (
        'الـ outputs فيهم {what}حتى attentions. شارجي الموديل ب attn_implementation="eager" و '
        "عيط ليه ب output_attentions=True."
    ),
    "err.layer_none": (
        "كاين layer اللي هو None، ماشي array منظم ديال أرقام. شارجي الموديل ب "
        'attn_implementation="eager" و عيط ليه ب output_attentions=True.'
    ),
    "err.irregular": (
        "الـ weights ماشي array منظم ديال أرقام ({why}). عطي (queries, keys)، (heads, queries, "
        "keys) ولا (layers, heads, queries, keys)."
    ),
    "err.shape_of_layer": (
        "Layer {nth} عندو shape {shape}. عطي (queries, keys)، (heads, queries, keys) ولا "
        "(layers, heads, queries, keys)."
    ),
    "err.shape_of_all": (
        "الـ weights عندهم shape {shape}. عطي (queries, keys)، (heads, queries, keys) ولا "
        "(layers, heads, queries, keys)."
    ),
    "err.shape_of_none": (
        'الـ weights عندهم shape {shape}. شارجي الموديل ب attn_implementation="eager" و عيط '
        "ليه ب output_attentions=True."
    ),
    "err.steps_differ": (
        "Step {nth} فيه {n_layers} و step 0 فيه {n}. عطي (queries, keys)، (heads, queries, "
        "keys) ولا (layers, heads, queries, keys)."
    ),
    "err.shape_somewhere": (
        "{where}. عطي (queries, keys)، (heads, queries, keys) ولا (layers, heads, queries, keys)."
    ),
    "err.shape_of_global": (
        "الـ part الـ global ديال layer {nth} عندو shape {shape}. عطي (queries, keys)، (heads, "
        "queries, keys) ولا (layers, heads, queries, keys)."
    ),
    "err.in_file": "{place}: {reason}",
    "err.empty_part": (
        "«{wish}» فيه جزء خاوي. كتب positions، ranges ولا كلمات: «3»، «2:8»، «cat»، «cat#2»، "
        "«0,5:9,cat»."
    ),
    "err.names_none": (
        "«{wish}» ماكيذكر حتى token. كتب positions، ranges ولا كلمات: «3»، «2:8»، «cat»، "
        "«cat#2»، «0,5:9,cat»."
    ),
    "err.endless": (
        "الـ weights ف lists اللي ماكتساليش. عطي (queries, keys)، (heads, queries, keys) ولا "
        "(layers, heads, queries, keys)."
    ),
    "err.parts_alone": (
        "كاينين {names} بلا weights اللي هوما ديالهم. عطي attentions و global_attentions ديال "
        "نفس output."
    ),
}

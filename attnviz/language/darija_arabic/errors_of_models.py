"""What the user can put right of models and the hub, in Darija in Arabic letters."""

SENTENCES = {
    "err.not_checkpoint": "{name} ماشي checkpoint. عطي دوسي، hub id، ولا minilm.",
    "err.heads_look": (
        "الـ heads {name} كيشوفو و ماكيڭولو والو: ماعندهمش كلمات منين يختارو. عطي checkpoint "
        "فيه prediction head ب `model`، بحال {usual_writer}."
    ),
    "err.seed": "الـ seed هو {seed}. خاص يكون 0 ولا كتر.",
    "err.heads": "`heads` هو {value}. ختار رقم من 1 ل {most_heads}.",
    "err.over_take": (
        "{n_heads} على {n_tokens} كياخدو بزاف ديال الوقت. عطي `heads` {value} ولا أقل، ولا "
        "حاجة صغر."
    ),
    "err.no": "ماكاينش {called}. عطي وحدة.",
    "err.adapter_not": (
        "الـ adapter {place} فيه {what}، و هادشي ماكنقراوهش. جمعو مع base موديل ديالو ب PEFT "
        "(merge_and_unload) و سجل داكشي."
    ),
    "err.no_folder_adapter": "{place} مافيهش {adapter}. عطي دوسي ديال adapter اللي سجل PEFT.",
    "err.adapter_neither": (
        "الـ adapter {place} مافيه لا {weights} لا {pickled}. تيليشارجي الـ adapter كامل."
    ),
    "err.adapter_changes": (
        "الـ adapter {place} كيبدل {module}، و هادي ماكايناش ف الموديل {place2}. هو ديال "
        "{base}: عطي هاداك ب موديل."
    ),
    "err.adapter_whose": (
        "الـ adapter {place} فيه {shape} و {shape2} ل {full}، اللي shape ديالو {shape3}. هو "
        "ديال {base}: عطي هاداك ب موديل."
    ),
    "err.no_chat": "{place} ماعندوش chat template: ما تعلمش يهدر. حيد `chat`.",
    "err.cannot_read_fetch": "{place} مايتقراش: {reason}. عاود تيليشارجيه.",
    "err.chat_template": "الـ chat template خاصها package jinja2. أنسطاليه ب: pip install jinja2",
    "err.chat_template_cannot": (
        "الـ chat template ماتقدرش تخدم: {why}. حيد `chat` و كتب الـ prompt كيف كيتسناه الموديل."
    ),
    "err.says": (
        "{place} كيڭول {name} = {value}. خاص يكون {due}: ب قيمة خرى أرقام غادي يكونو غالطين."
    ),
    "err.does_not_say": "{place} ماكيڭولش {name}. عطي الـ config اللي تسجل معاها الموديل.",
    "err.no_config": "{place} مافيهش config.json. عطي دوسي ديال checkpoint ديال Hugging Face.",
    "err.hears_no": (
        "{model} ({family}) كيسمع، و ماعندوش head ديال الحروف. ختار checkpoint اللي تعلم يكتب "
        "(…ForCTC)، ولا Whisper."
    ),
    "err.says_pad": "{model} كيڭول pad_token_id = {blank}. هادا هو id ديال blank.",
    "err.feature_extractor": (
        "الـ feature extractor ديال {place} ماكيواتيش: {why}. عطي preprocessor_config.json "
        "اللي تسجل معاه الموديل."
    ),
    "err.weights_hold": (
        "الـ weights ديال {place} فيهم layers ديال LoRA ما مجموعينش ({apart}). جمعهم ب PEFT "
        "(merge_and_unload) و عاود سجل الموديل."
    ),
    "err.holds_several": "{place} فيه بزاف ديال ملفات GGUF: {names}. عطي واحد منهم.",
    "err.holds_shards": (
        "{place} فيه shards ({shard} …) و مافيهش {index} اللي فيه ليستة ديالهم. تيليشارجي حتى "
        "{index}."
    ),
    "err.holds_several_files": (
        "{place} فيه بزاف ديال ملفات ديال weights: {names}. بدل سمية ديال اللي بغيتي تشوف ل "
        "{pickled}."
    ),
    "err.weights_not": (
        "{place} عندو weights {kind} ({value})، و هادشي ماكنقراوهش. عطي دوسي فيه {one_file}، "
        "{index} ولا {pickled}."
    ),
    "err.no_folder_that": (
        "{place} مافيهش {one_file}. عطي دوسي فيه {one_file}، {index} ولا {pickled}."
    ),
    "err.shard_missing": (
        "الـ shard {place} ماكاينش ف {parent}. {index} كتذكرو: تيليشارجي checkpoint كامل."
    ),
    "err.must": "`{name}` هو {value}. خاص يكون {due}.",
    "err.asks_not": (
        "{place} كيطلب {name} = {value}، و هادشي ماكنديروهش هنا. مسحو ف نسخة ديال الملف باش "
        "تكتب بلا بيه."
    ),
    "err.says_original": (
        "{place} كيڭول {prefix}{name} = {value}: {why}. عطي checkpoint الأصلي ف بلاصة GGUF ديالو."
    ),
    "err.architecture_not": (
        "{place} من architecture {architecture}، اللي ماكنقراوهاش ب GGUF. كاينين: {names}. عطي "
        "checkpoint الأصلي."
    ),
    "err.holds_tensor": (
        "{place} فيه tensor {full} اللي مامعروفش. عطي checkpoint الأصلي ف بلاصة GGUF ديالو."
    ),
    "err.give_tokenizer": "{place} {why}. عطي tokenizer.json ب `tokenizer`، ولا token `ids`.",
    "err.checkpoint_gives": (
        "الـ checkpoint {why}: كيعطي vectors، ماشي كلمات. خود واحد اللي كيتوقع: causal "
        "language موديل، ولا ديال كلمات محجوبين، ولا ديال classes، ولا ديال جوابات."
    ),
    "err.image_processor": (
        "الـ image processor ديال {place} مافهمناهش: {why}. عطي preprocessor_config.json اللي "
        "تسجل معاه الموديل."
    ),
    "err.not_json": "{place} ماشي object ديال JSON. عاود تيليشارجيه.",
    "err.not_vocabulary": (
        "{place} ماشي vocabulary ديال sentencepiece ({reason}). عطي tokenizer.json ب "
        "`tokenizer`، ولا token `ids`."
    ),
    "err.this_model": (
        "هاد الموديل كيعرف غير English، و ماكيترجم والو. حيد `language` و `task`، ولا خود "
        "موديل فيه بزاف ديال لغات."
    ),
    "err.does_not_say_how": (
        "{model} ماكيڭولش كيفاش كيبدا transcript (decoder_start_token_id). عطي "
        "generation_config.json اللي تسجل معاه."
    ),
    "err.names_head": "{place} كيذكر head ماكاينش: {pair}. عاود تيليشارجيه.",
    "err.vocabulary_cannot": (
        "الـ vocabulary ف {place} ماتقدرش تخدم: {reason}. عطي tokenizer.json ب `tokenizer`، "
        "ولا token `ids`."
    ),
    "err.no_tokenizer": (
        "{place} مافيهش tokenizer.json، و حتى واحد من vocab.txt، vocab.json مع merges.txt، "
        "{names}، {tekken} و {tiktoken}. عطي tokenizer.json ب `tokenizer`، ولا token `ids`."
    ),
    "err.no_vocabulary": (
        "{place} مافيهش {names}، اللي خاص ل vocabulary ديال {kind}Tokenizer. تيليشارجي "
        "checkpoint كامل، ولا عطي tokenizer.json ب `tokenizer`، ولا token `ids`."
    ),
    "err.does_not_say_class": (
        "{place} ماكيڭولش أينا class خاصها {place2}. عطي tokenizer.json ب `tokenizer`، ولا "
        "token `ids`."
    ),
    "err.vocabulary_tokenizer": (
        "{place} فيه vocabulary ديال {name}Tokenizer، اللي rules ديالها مامعروفينش. عطي "
        "tokenizer.json ب `tokenizer`، ولا token `ids`."
    ),
    "err.weights_those": (
        "الـ weights ديال {place} هوما ديال {n} models، ب هاد السميات: {names}. سجل بوحدو اللي "
        "بغيتي تشوف."
    ),
    "err.tensor_shape": (
        "الـ tensor {full} ف {place} عندو shape {found}، و config.json كيڭول {shape}. الـ "
        "config و weights ديال جوج models مختلفين: عاود تيليشارجيهم."
    ),
    "err.tensor_missing": (
        "الـ tensor {full} ماكاينش ف {place}. الـ checkpoint ناقص، ولا الـ config ديالو ديال "
        "موديل آخر."
    ),
    "err.does_not_say_model": (
        "{value} ماكيڭولش model_type ديالو. عطي config.json اللي تسجل معاه الموديل."
    ),
    "err.attnviz_does": (
        "attnviz مازال ماكيقراش {kind} (model_type ف {value}). كيقرا: {names}، و {others} خرين "
        "كيوريهم `attnviz models`."
    ),
    "err.blip_model": (
        "{place} موديل BLIP اللي كيجاوب على أسئلة ولا كيقارن texts. attnviz كيقرا اللي كيكتبو "
        "captions (BlipForConditionalGeneration)."
    ),
    "err.name_folder": (
        "{place} هو {kind}. عطي دوسي اللي فيه config.json و model.safetensors، ولا ملف .gguf."
    ),
    "err.listens_no": "{model} ({family}) كيسمع، و ماكاين حتى صوت. عطي `audio`.",
    "err.sound_seconds": (
        "الصوت فيه {duration} s، و {model} كيسمع {seconds} ف المرة. ختار part ب `start` و "
        "`end`، ولا خدم ب `attnviz transcribe`."
    ),
    "err.sound_seconds_fit": (
        "الصوت فيه {duration} s، و ف memory كيدخل غير {longest_wave}. ختار part ب `start` و "
        "`end`، ولا خدم ب `attnviz transcribe`."
    ),
    "err.sound_seconds_hears": (
        "الصوت فيه {duration} s، و {model} كيسمع {longest} ف المرة. ختار part ب `start` و `end`."
    ),
    "err.sound_too": "الصوت قصر بزاف على {model}: ماكافيش حتى ل frame واحد. عطي واحد طول.",
    "err.hf_endpoint": (
        "HF_ENDPOINT ماشي address صحيح: {endpoint} ({reason}). قاد هاد قيمة، ولا حيدها."
    ),
    "err.index_names": (
        "الـ index ديال {repository} كيذكر {shard}، اللي ماشي ملف ديالو. ختار موديل آخر."
    ),
    "err.model_gated": (
        "الموديل {name} gated. طلب access ف {endpoint}/{name}، من بعد دير log in ولا حط HF_TOKEN."
    ),
    "err.no_model": (
        "ماكاينش موديل {name} ف الـ hub، ولا هو private. شوف id مزيان، عطي دوسي، ولا حط HF_TOKEN."
    ),
    "err.model_not": (
        "الموديل {name} ماكاينش ف هاد الـ machine و {why}. تيليشارجيه فين كاين internet، ولا عطي "
        "دوسي ديال checkpoint."
    ),
    "err.not_hub": "{name} ماشي hub id. Id كيتكتب user/name.",
    "err.hub_does": "الـ hub ماكيعرفش HF_TOKEN اللي تصيفط ل {name}. حط HF_TOKEN آخر.",
    "err.hub_did": "الـ hub ماعطاش الموديل {name}: {first_line} عاود جرب من بعد.",
    "err.no_text_one": "ماكاين حتى text. عطي وحدة.",
    "err.tokenizer_segments": (
        "الـ tokenizer فيه {value} segments و الموديل فيه {n_kinds}. هو ديال موديل آخر: عطي "
        "`tokenizer` صحيح."
    ),
    "err.picture_pixels": (
        "تصويرة ديال {width} × {height} pixels ماكتواتيش الموديل، اللي عندو positions ديال "
        "{side} × {side}. عطي preprocessor_config.json اللي تسجل معاه."
    ),
    "err.picture_patches": (
        "تصويرة ديال {grid} patches ماكتواتيش الموديل، اللي windows ديالو على {grids}. عطي "
        "preprocessor_config.json اللي تسجل معاه."
    ),
    "err.writes_about": "{model} ({family}) كيكتب على تصويرة داكشي اللي طلبو text. عطي text.",
    "err.reads_text": (
        "{model} ({family}) كيقرا text ولا تصويرة، و ماكاين حتى واحد. عطي text، `image`، ولا ب جوج."
    ),
    "err.text_place": "الـ text فيه بلاصة ديال تصويرة، و ماكاينة حتى تصويرة. عطي `image`.",
    "err.text_places": (
        "الـ text فيه بلايص ديال {n} تصاور ولا patches، و التصويرة فيها {n2} patches. كتب الـ "
        "image token غير مرة وحدة: هو بلاصة التصويرة كاملة."
    ),
    "err.takes_text": "{whose} كياخد غير text واحد. `pair` ديال encoders، بحال BERT.",
    "err.reads_text_source": (
        "{whose} كيقرا text واحد، و تعطى source. حيد الـ source، ولا ختار encoder-decoder."
    ),
    "err.both_given": "{what} تعطاو ب جوج. عطي غير واحد.",
    "err.pair_ids": "`pair` و `ids` تعطاو ب جوج. عطي جوج texts، ولا ids.",
    "err.encoder_no": "{model} ({family}) فيه encoder، و ماكاينش source باش يقراه. عطي `source`.",
    "err.tokenizer_built": (
        "`tokenizer` {place} ديال heads built-in: {model} عندو ديالو. حيدو، ولا عطي tokenizer.json."
    ),
    "err.does_not_say_token": (
        "{model} ماكيڭولش ب أينا token كيبدا الـ decoder ديالو. عطي text، ولا `ids`."
    ),
    "err.token_id": (
        "الـ token id {largest} ماعندوش embedding: {model} فيه {n_ids}. الـ tokenizer ديال "
        "موديل آخر: عطي `tokenizer` صحيح."
    ),
    "err.language_given": (
        "تعطات لغة، «{language}»، و الـ vocabulary مافيهاش codes ديال لغات. حيدها، ولا خود "
        "موديل ديال ترجمة (NLLB، M2M-100، mBART)."
    ),
    "err.tokenizer_no": (
        "الـ tokenizer مافيهش </s>، اللي كيسالي text ب شي لغة. حيد اللغة، ولا عطي tokenizer آخر."
    ),
    "err.system_text": "تعطى text ديال system، و ماكاينش chat. زيد `chat`.",
    "err.encoder_decoder": "{model} هو encoder-decoder، اللي ماعندوش chat. حيد `chat`.",
    "err.describes_pictures": "{model} كيوصف تصاور. حيد `chat`.",
    "err.chat_needs": "الـ chat خاصو text، و تعطاو ids. عطي الـ text.",
    "err.does_not_say_token_decoder": (
        "{model} ماكيڭولش ب أينا token كيبدا الـ decoder ديالو. عطيه ب `ids`، و معاه `source`."
    ),
    "err.looks_picture": "{model} ({family}) كيشوف تصويرة، و ماكاينة حتى تصويرة. عطي `image`.",
    "err.tensor_holds": (
        "الـ tensor {name} ف {place} فيه NaN ولا infinity. الـ checkpoint خاسر: عاود تيليشارجيه."
    ),
    "err.gave_nan": (
        "{model} عطى NaN ولا infinity ل هاد الـ text. أرقام ديالو كبرو بزاف: قارن الـ "
        "checkpoint مع transformers."
    ),
    "err.field": "{place} فيه field مافهمناهش: {name} = {value}. {todo}",
    "err.no_config_here": "{place} مافيهش config.json{what}. {todo}",
    "err.adapter_of_none": (
        "{place} فيه adapter LoRA ديال موديل اللي ماكيذكرش سميتو. عطي هاداك الموديل، و "
        "`adapter` {place}."
    ),
    "err.adapter_of": (
        "{place} فيه adapter LoRA ديال {base}: {reason} عطي هاداك الموديل، و `adapter` {place}."
    ),
    "err.model_has_no": "الموديل {name} مافيهش {file}. ختار موديل آخر.",
    "err.no_use": "{what} ماكتخدمش مع {whose}. {todo}",
    "err.no_experts": (
        "{model} ماعندو experts: كاع tokens كيدوزو من نفس feed-forward. عطي mixture of experts "
        "(Mixtral، Qwen 3 MoE، gpt-oss، DeepSeek …)."
    ),
    "err.no_attention_there": "layer {layer} ماعندو attention اللي تبان. هادو عندهم: {layers}.",
    "err.no_experts_there": "layer {layer} ديال {model} ماعندو experts. هادو عندهم: {layers}.",
    "err.experts_not_kept": (
        "record ماكيحتافظش ب experts اللي دازو منهم tokens. عاود text مع الموديل "
        "ديالو و `show` experts."
    ),
}

"""What the user can put right of models and the hub, in Darija in Latin letters."""

SENTENCES = {
    "err.not_checkpoint": "{name} machi checkpoint. 3ti dossier, hub id, wla minilm.",
    "err.heads_look": (
        "Heads {name} kaychoufo w makay9olo walo: ma3ndhomch kelmat mnin ykhtaro. 3ti "
        "checkpoint fih prediction head b `model`, b7al {usual_writer}."
    ),
    "err.seed": "Seed howa {seed}. Khass ykoun 0 wla kter.",
    "err.heads": "`heads` howa {value}. Khtar ra9m mn 1 l {most_heads}.",
    "err.over_take": (
        "{n_heads} 3la {n_tokens} kayakhdo bezzaf dial lwe9t. 3ti `heads` {value} wla 9ell, "
        "wla 7aja sgher."
    ),
    "err.no": "Makaynch {called}. 3ti wa7da.",
    "err.adapter_not": (
        "Adapter {place} fih {what}, w hadchi makan9rawhch. Jm3o m3a base model dialo b PEFT "
        "(merge_and_unload) w sejjel dakchi."
    ),
    "err.no_folder_adapter": "{place} mafihch {adapter}. 3ti dossier dial adapter li sejjel PEFT.",
    "err.adapter_neither": (
        "Adapter {place} mafih la {weights} la {pickled}. Telechargi adapter kamel."
    ),
    "err.adapter_changes": (
        "Adapter {place} kaybeddel {module}, w hadi makaynach f model {place2}. Howa dial "
        "{base}: 3ti hadak b model."
    ),
    "err.adapter_whose": (
        "Adapter {place} fih {shape} w {shape2} l {full}, li shape dialo {shape3}. Howa dial "
        "{base}: 3ti hadak b model."
    ),
    "err.no_chat": "{place} ma3ndouch chat template: ma t3ellemch yhder. 7eyyed `chat`.",
    "err.cannot_read_fetch": "{place} mayt9rach: {reason}. 3awd telechargih.",
    "err.chat_template": "Chat template khassha package jinja2. Installih b: pip install jinja2",
    "err.chat_template_cannot": (
        "Chat template mat9derch tkhdem: {why}. 7eyyed `chat` w kteb prompt kif kaytsnah model."
    ),
    "err.says": (
        "{place} kay9oul {name} = {value}. Khass ykoun {due}: b 9ima khra ar9am ghadi ykouno "
        "ghaltin."
    ),
    "err.does_not_say": "{place} makay9oulch {name}. 3ti config li tsejjel m3aha model.",
    "err.no_config": "{place} mafihch config.json. 3ti dossier dial checkpoint dial Hugging Face.",
    "err.hears_no": (
        "{model} ({family}) kaysme3, w ma3ndouch head dial l7orouf. Khtar checkpoint li "
        "t3ellem ykteb (…ForCTC), wla Whisper."
    ),
    "err.says_pad": "{model} kay9oul pad_token_id = {blank}. Hada howa id dial blank.",
    "err.feature_extractor": (
        "Feature extractor dial {place} makaywal9ch: {why}. 3ti preprocessor_config.json li "
        "tsejjel m3ah model."
    ),
    "err.weights_hold": (
        "Weights dial {place} fihom layers dial LoRA ma mjmou3inch ({apart}). Jm3hom b PEFT "
        "(merge_and_unload) w 3awd sejjel model."
    ),
    "err.holds_several": "{place} fih bezzaf dial files GGUF: {names}. 3ti wa7ed mnhom.",
    "err.holds_shards": (
        "{place} fih shards ({shard} …) w mafihch {index} li fih lista dialhom. Telechargi 7ta "
        "{index}."
    ),
    "err.holds_several_files": (
        "{place} fih bezzaf dial files dial weights: {names}. Beddel smiya dial li bghiti "
        "tchouf l {pickled}."
    ),
    "err.weights_not": (
        "{place} 3ndo weights {kind} ({value}), w hadchi makan9rawhch. 3ti dossier fih "
        "{one_file}, {index} wla {pickled}."
    ),
    "err.no_folder_that": (
        "{place} mafihch {one_file}. 3ti dossier fih {one_file}, {index} wla {pickled}."
    ),
    "err.shard_missing": (
        "Shard {place} makaynch f {parent}. {index} katdkro: telechargi checkpoint kamel."
    ),
    "err.must": "`{name}` howa {value}. Khass ykoun {due}.",
    "err.asks_not": (
        "{place} kaytleb {name} = {value}, w hadchi makandirohch hna. Ms7o f copie dial l file "
        "bach tkteb bla bih."
    ),
    "err.says_original": (
        "{place} kay9oul {prefix}{name} = {value}: {why}. 3ti checkpoint l2asli f blast GGUF dialo."
    ),
    "err.architecture_not": (
        "{place} mn architecture {architecture}, li makan9rawhach b GGUF. Kaynin: {names}. 3ti "
        "checkpoint l2asli."
    ),
    "err.holds_tensor": (
        "{place} fih tensor {full} li mam3roufch. 3ti checkpoint l2asli f blast GGUF dialo."
    ),
    "err.give_tokenizer": "{place} {why}. 3ti tokenizer.json b `tokenizer`, wla token `ids`.",
    "err.checkpoint_gives": (
        "Checkpoint {why}: kay3ti vectors, machi kelmat. Khoud wa7ed li kaypredicti: causal "
        "language model, wla dial kelmat m7jobin, wla dial classes, wla dial jwabat."
    ),
    "err.image_processor": (
        "Image processor dial {place} mafhemnahch: {why}. 3ti preprocessor_config.json li "
        "tsejjel m3ah model."
    ),
    "err.not_json": "{place} machi object dial JSON. 3awd telechargih.",
    "err.not_vocabulary": (
        "{place} machi vocabulary dial sentencepiece ({reason}). 3ti tokenizer.json b "
        "`tokenizer`, wla token `ids`."
    ),
    "err.this_model": (
        "Had lmodel kay3ref ghir English, w makaytrjem walo. 7eyyed `language` w `task`, wla "
        "khoud model fih bezzaf dial loughat."
    ),
    "err.does_not_say_how": (
        "{model} makay9oulch kifach kaybda transcript (decoder_start_token_id). 3ti "
        "generation_config.json li tsejjel m3ah."
    ),
    "err.names_head": "{place} kaydker head makaynch: {pair}. 3awd telechargih.",
    "err.vocabulary_cannot": (
        "Vocabulary f {place} mat9derch tkhdem: {reason}. 3ti tokenizer.json b `tokenizer`, "
        "wla token `ids`."
    ),
    "err.no_tokenizer": (
        "{place} mafihch tokenizer.json, w 7ta wa7ed mn vocab.txt, vocab.json m3a merges.txt, "
        "{names}, {tekken} w {tiktoken}. 3ti tokenizer.json b `tokenizer`, wla token `ids`."
    ),
    "err.no_vocabulary": (
        "{place} mafihch {names}, li khass l vocabulary dial {kind}Tokenizer. Telechargi "
        "checkpoint kamel, wla 3ti tokenizer.json b `tokenizer`, wla token `ids`."
    ),
    "err.does_not_say_class": (
        "{place} makay9oulch ina class khassha {place2}. 3ti tokenizer.json b `tokenizer`, wla "
        "token `ids`."
    ),
    "err.vocabulary_tokenizer": (
        "{place} fih vocabulary dial {name}Tokenizer, li rules dialha mam3roufinch. 3ti "
        "tokenizer.json b `tokenizer`, wla token `ids`."
    ),
    "err.weights_those": (
        "Weights dial {place} homa dial {n} models, b had smiyat: {names}. Sejjel bo7do li "
        "bghiti tchouf."
    ),
    "err.tensor_shape": (
        "Tensor {full} f {place} 3ndo shape {found}, w config.json kay9oul {shape}. Config w "
        "weights dial jouj models mkhtalfin: 3awd telechargihom."
    ),
    "err.tensor_missing": (
        "Tensor {full} makaynch f {place}. Checkpoint na9es, wla config dialo dial model akhor."
    ),
    "err.does_not_say_model": (
        "{value} makay9oulch model_type dialo. 3ti config.json li tsejjel m3ah model."
    ),
    "err.attnviz_does": (
        "attnviz mazal makay9rach {kind} (model_type f {value}). Kay9ra: {names}, w {others} "
        "khrin kaywerrihom `attnviz models`."
    ),
    "err.blip_model": (
        "{place} model BLIP li kayjaweb 3la asila wla kay9aren texts. attnviz kay9ra li "
        "kayketbo captions (BlipForConditionalGeneration)."
    ),
    "err.name_folder": (
        "{place} howa {kind}. 3ti dossier li fih config.json w model.safetensors, wla file .gguf."
    ),
    "err.listens_no": "{model} ({family}) kaysme3, w makayn 7ta sout. 3ti `audio`.",
    "err.sound_seconds": (
        "Sout fih {duration} s, w {model} kaysme3 {seconds} f lmerra. Khtar part b `start` w "
        "`end`, wla khdem b `attnviz transcribe`."
    ),
    "err.sound_seconds_fit": (
        "Sout fih {duration} s, w f memory kaydkhel ghir {longest_wave}. Khtar part b `start` "
        "w `end`, wla khdem b `attnviz transcribe`."
    ),
    "err.sound_seconds_hears": (
        "Sout fih {duration} s, w {model} kaysme3 {longest} f lmerra. Khtar part b `start` w `end`."
    ),
    "err.sound_too": "Sout 9ser bezzaf 3la {model}: makafich 7ta l frame wa7ed. 3ti wa7ed twel.",
    "err.hf_endpoint": (
        "HF_ENDPOINT machi address s7i7: {endpoint} ({reason}). 9ad had 9ima, wla 7eyydha."
    ),
    "err.index_names": (
        "Index dial {repository} kaydker {shard}, li machi file dialo. Khtar model akhor."
    ),
    "err.model_gated": (
        "Model {name} gated. Tleb access f {endpoint}/{name}, mn b3d dir log in wla 7ett HF_TOKEN."
    ),
    "err.no_model": (
        "Makaynch model {name} f hub, wla howa private. Chouf id mzyan, 3ti dossier, wla 7ett "
        "HF_TOKEN."
    ),
    "err.model_not": (
        "Model {name} makaynch f had lmachine w {why}. Telechargih fin kayn internet, wla 3ti "
        "dossier dial checkpoint."
    ),
    "err.not_hub": "{name} machi hub id. Id kaytkteb user/name.",
    "err.hub_does": "Hub makay3refch HF_TOKEN li tsift l {name}. 7ett HF_TOKEN akhor.",
    "err.hub_did": "Hub ma3tach model {name}: {first_line} 3awd jerreb mn b3d.",
    "err.no_text_one": "Makayn 7ta text. 3ti wa7da.",
    "err.tokenizer_segments": (
        "Tokenizer fih {value} segments w model fih {n_kinds}. Howa dial model akhor: 3ti "
        "`tokenizer` s7i7."
    ),
    "err.picture_pixels": (
        "Tswira dial {width} × {height} pixels makatwal9ch model, li 3ndo positions dial "
        "{side} × {side}. 3ti preprocessor_config.json li tsejjel m3ah."
    ),
    "err.picture_patches": (
        "Tswira dial {grid} patches makatwal9ch model, li windows dialo 3la {grids}. 3ti "
        "preprocessor_config.json li tsejjel m3ah."
    ),
    "err.writes_about": "{model} ({family}) kaykteb 3la tswira dakchi li tlbo text. 3ti text.",
    "err.reads_text": (
        "{model} ({family}) kay9ra text wla tswira, w makayn 7ta wa7ed. 3ti text, `image`, wla "
        "b jouj."
    ),
    "err.text_place": "Text fih blasa dial tswira, w makayna 7ta tswira. 3ti `image`.",
    "err.text_places": (
        "Text fih blayes dial {n} tsawer wla patches, w tswira fiha {n2} patches. Kteb image "
        "token ghir merra wa7da: howa blast tswira kamla."
    ),
    "err.takes_text": "{whose} kayakhod ghir text wa7ed. `pair` dial encoders, b7al BERT.",
    "err.reads_text_source": (
        "{whose} kay9ra text wa7ed, w t3ta source. 7eyyed source, wla khtar encoder-decoder."
    ),
    "err.both_given": "{what} t3taw b jouj. 3ti ghir wa7ed.",
    "err.pair_ids": "`pair` w `ids` t3taw b jouj. 3ti jouj texts, wla ids.",
    "err.encoder_no": "{model} ({family}) fih encoder, w makaynch source bach y9rah. 3ti `source`.",
    "err.tokenizer_built": (
        "`tokenizer` {place} dial heads built-in: {model} 3ndo dialo. 7eyydo, wla 3ti "
        "tokenizer.json."
    ),
    "err.does_not_say_token": (
        "{model} makay9oulch b ina token kaybda decoder dialo. 3ti text, wla `ids`."
    ),
    "err.token_id": (
        "Token id {largest} ma3ndouch embedding: {model} fih {n_ids}. Tokenizer dial model "
        "akhor: 3ti `tokenizer` s7i7."
    ),
    "err.language_given": (
        'T3tat lougha, "{language}", w vocabulary mafihach codes dial loughat. 7eyydha, wla '
        "khoud model dial trjama (NLLB, M2M-100, mBART)."
    ),
    "err.tokenizer_no": (
        "Tokenizer mafihch </s>, li kaysali text b chi lougha. 7eyyed llougha, wla 3ti "
        "tokenizer akhor."
    ),
    "err.system_text": "T3ta text dial system, w makaynch chat. Zid `chat`.",
    "err.encoder_decoder": "{model} howa encoder-decoder, li ma3ndouch chat. 7eyyed `chat`.",
    "err.describes_pictures": "{model} kaywsef tsawer. 7eyyed `chat`.",
    "err.chat_needs": "Chat khasso text, w t3taw ids. 3ti text.",
    "err.does_not_say_token_decoder": (
        "{model} makay9oulch b ina token kaybda decoder dialo. 3tih b `ids`, w m3ah `source`."
    ),
    "err.looks_picture": "{model} ({family}) kaychouf tswira, w makayna 7ta tswira. 3ti `image`.",
    "err.tensor_holds": (
        "Tensor {name} f {place} fih NaN wla infinity. Checkpoint khaser: 3awd telechargih."
    ),
    "err.gave_nan": (
        "{model} 3ta NaN wla infinity l had ltext. R9am dialo kebro bezzaf: 9aren checkpoint "
        "m3a transformers."
    ),
    "err.field": "{place} fih field mafhemnahch: {name} = {value}. {todo}",
    "err.no_config_here": "{place} mafihch config.json{what}. {todo}",
    "err.adapter_of_none": (
        "{place} fih adapter LoRA dial model li makaydkrch smito. 3ti hadak model, w `adapter` "
        "{place}."
    ),
    "err.adapter_of": (
        "{place} fih adapter LoRA dial {base}: {reason} 3ti hadak model, w `adapter` {place}."
    ),
    "err.model_has_no": "Model {name} mafihch {file}. Khtar model akhor.",
    "err.no_use": "{what} makatkhdemch m3a {whose}. {todo}",
    "err.no_experts": (
        "{model} ma3ndo experts: ga3 tokens kaydouzo mn nefs feed-forward. 3ti mixture of experts "
        "(Mixtral, Qwen 3 MoE, gpt-oss, DeepSeek …)."
    ),
    "err.no_attention_there": "Layer {layer} ma3ndo attention li tban. Hado 3ndhom: {layers}.",
    "err.no_experts_there": "Layer {layer} dial {model} ma3ndo experts. Hado 3ndhom: {layers}.",
    "err.experts_not_kept": (
        "Record makay7tafedch b experts li dazo mnhom tokens. 3awed l text m3a model "
        "dialo w `show` experts."
    ),
}

"""What the user can put right of models and the hub, in English."""

SENTENCES = {
    "err.not_checkpoint": "{name} is not a checkpoint. Name a folder, a hub id, or minilm.",
    "err.heads_look": (
        "The {name} heads look and say nothing: they have no words to choose from. Give a "
        "checkpoint with a prediction head as `model`, such as {usual_writer}."
    ),
    "err.seed": "The seed is {seed}. It must be 0 or more.",
    "err.heads": "`heads` is {value}. Choose a number from 1 to {most_heads}.",
    "err.over_take": (
        "{n_heads} over {n_tokens} take too long. Give `heads` {value} or less, or less to read."
    ),
    "err.no": "There is no {called}. Give one.",
    "err.adapter_not": (
        "The adapter {place} has {what}, which is not read. Merge it into its base model with "
        "PEFT (merge_and_unload) and save that."
    ),
    "err.no_folder_adapter": (
        "{place} has no {adapter}. Give the folder of an adapter that PEFT has saved."
    ),
    "err.adapter_neither": (
        "The adapter {place} has neither {weights} nor {pickled}. Fetch the whole adapter."
    ),
    "err.adapter_changes": (
        "The adapter {place} changes {module}, which the model {place2} does not have. It "
        "belongs to {base}: name that as the model."
    ),
    "err.adapter_whose": (
        "The adapter {place} has {shape} and {shape2} for {full}, whose shape is {shape3}. It "
        "belongs to {base}: name that as the model."
    ),
    "err.no_chat": "{place} has no chat template: it was not trained to talk. Leave `chat` out.",
    "err.cannot_read_fetch": "{place} cannot be read: {reason}. Fetch it again.",
    "err.chat_template": (
        "A chat template needs the package jinja2. Install it with: pip install jinja2"
    ),
    "err.chat_template_cannot": (
        "The chat template cannot be used: {why}. Leave `chat` out and write the prompt as the "
        "model expects it."
    ),
    "err.says": (
        "{place} says {name} = {value}. It has to be {due}: with another value the numbers "
        "would be wrong."
    ),
    "err.does_not_say": (
        "{place} does not say {name}. Give the config that the model was saved with."
    ),
    "err.no_config": "{place} has no config.json. Give the folder of a Hugging Face checkpoint.",
    "err.hears_no": (
        "{model} ({family}) hears, and has no head for letters. Choose a checkpoint that was "
        "trained to write (…ForCTC), or Whisper."
    ),
    "err.says_pad": "{model} says pad_token_id = {blank}. It is the blank's id.",
    "err.feature_extractor": (
        "The feature extractor of {place} does not fit: {why}. Give the "
        "preprocessor_config.json that the model was saved with."
    ),
    "err.weights_hold": (
        "The weights of {place} hold LoRA layers that are not merged ({apart}). Merge them "
        "with PEFT (merge_and_unload) and save the model again."
    ),
    "err.holds_several": "{place} holds several GGUF files: {names}. Name one of them.",
    "err.holds_shards": (
        "{place} holds shards ({shard} …) and not {index}, which lists them. Fetch {index} too."
    ),
    "err.holds_several_files": (
        "{place} holds several files of weights: {names}. Rename the one that you want to look "
        "at to {pickled}."
    ),
    "err.weights_not": (
        "{place} has its weights {kind} ({value}), which is not read. Give a folder that holds "
        "{one_file}, {index} or {pickled}."
    ),
    "err.no_folder_that": (
        "{place} has no {one_file}. Give a folder that holds {one_file}, {index} or {pickled}."
    ),
    "err.shard_missing": (
        "The shard {place} is missing from {parent}. {index} names it: fetch the whole checkpoint."
    ),
    "err.must": "`{name}` is {value}. It must be {due}.",
    "err.asks_not": (
        "{place} asks for {name} = {value}, which is not done here. Delete it in a copy of the "
        "file to write without it."
    ),
    "err.says_original": (
        "{place} says {prefix}{name} = {value}: {why}. Give the original checkpoint instead of "
        "its GGUF file."
    ),
    "err.architecture_not": (
        "{place} is of the architecture {architecture}, which is not read as GGUF. These are: "
        "{names}. Give the original checkpoint."
    ),
    "err.holds_tensor": (
        "{place} holds the tensor {full}, which is not known. Give the original checkpoint "
        "instead of its GGUF file."
    ),
    "err.give_tokenizer": "{place} {why}. Give a tokenizer.json as `tokenizer`, or token `ids`.",
    "err.checkpoint_gives": (
        "The checkpoint {why}: it gives vectors, and no words. Take one that predicts: a "
        "causal language model, one for masked words, for classes, or for answers."
    ),
    "err.image_processor": (
        "The image processor of {place} is not understood: {why}. Give the "
        "preprocessor_config.json that the model was saved with."
    ),
    "err.not_json": "{place} is not a JSON object. Fetch it again.",
    "err.not_vocabulary": (
        "{place} is not a vocabulary of sentencepiece ({reason}). Give a tokenizer.json as "
        "`tokenizer`, or token `ids`."
    ),
    "err.this_model": (
        "This model knows English only, and translates nothing. Leave `language` and `task` "
        "out, or take one of many languages."
    ),
    "err.does_not_say_how": (
        "{model} does not say how a transcript begins (decoder_start_token_id). Give the "
        "generation_config.json that it was saved with."
    ),
    "err.names_head": "{place} names a head that there is not: {pair}. Fetch it again.",
    "err.vocabulary_cannot": (
        "The vocabulary in {place} cannot be used: {reason}. Give a tokenizer.json as "
        "`tokenizer`, or token `ids`."
    ),
    "err.no_tokenizer": (
        "{place} has no tokenizer.json, and none of vocab.txt, vocab.json with merges.txt, "
        "{names}, {tekken} and {tiktoken}. Give a tokenizer.json as `tokenizer`, or token "
        "`ids`."
    ),
    "err.no_vocabulary": (
        "{place} has no {names}, which the vocabulary of a {kind}Tokenizer needs. Fetch the "
        "whole checkpoint, give a tokenizer.json as `tokenizer`, or token `ids`."
    ),
    "err.does_not_say_class": (
        "{place} does not say which class its {place2} is for. Give a tokenizer.json as "
        "`tokenizer`, or token `ids`."
    ),
    "err.vocabulary_tokenizer": (
        "{place} has the vocabulary of {name}Tokenizer, whose rules are not known. Give a "
        "tokenizer.json as `tokenizer`, or token `ids`."
    ),
    "err.weights_those": (
        "The weights of {place} are those of {n} models, under the names {names}. Save the one "
        "that you want to look at alone."
    ),
    "err.tensor_shape": (
        "The tensor {full} in {place} has shape {found}, and config.json means {shape}. Config "
        "and weights are of different models: fetch them again."
    ),
    "err.tensor_missing": (
        "The tensor {full} is missing from {place}. The checkpoint is incomplete, or its "
        "config names another model."
    ),
    "err.does_not_say_model": (
        "{value} does not say its model_type. Give the config.json that the model was saved with."
    ),
    "err.attnviz_does": (
        "attnviz does not read {kind} yet (model_type in {value}). It reads: {names}, and "
        "{others} more that `attnviz models` lists."
    ),
    "err.blip_model": (
        "{place} is a BLIP model that answers questions or compares texts. attnviz reads those "
        "that write captions (BlipForConditionalGeneration)."
    ),
    "err.name_folder": (
        "{place} is {kind}. Name the folder that holds config.json and model.safetensors, or a "
        ".gguf file."
    ),
    "err.listens_no": "{model} ({family}) listens, and there is no sound. Give an `audio`.",
    "err.sound_seconds": (
        "The sound has {duration} seconds, and {model} hears {seconds} at a time. Choose a "
        "part with `start` and `end`, or use `attnviz transcribe`."
    ),
    "err.sound_seconds_fit": (
        "The sound has {duration} seconds, and {longest_wave} fit the memory. Choose a part "
        "with `start` and `end`, or use `attnviz transcribe`."
    ),
    "err.sound_seconds_hears": (
        "The sound has {duration} seconds, and {model} hears {longest} at a time. Choose a "
        "part with `start` and `end`."
    ),
    "err.sound_too": "The sound is too short for {model}: not one frame fits. Give a longer one.",
    "err.hf_endpoint": (
        "HF_ENDPOINT is not a valid address: {endpoint} ({reason}). Correct it, or unset it."
    ),
    "err.index_names": (
        "The index of {repository} names {shard}, which is not a file of its own. Choose another "
        "model."
    ),
    "err.model_gated": (
        "The model {name} is gated. Ask for access on {endpoint}/{name}, then log in or set "
        "HF_TOKEN."
    ),
    "err.no_model": (
        "There is no model {name} on the hub, or it is private. Check the id, give a folder, "
        "or set HF_TOKEN."
    ),
    "err.model_not": (
        "The model {name} is not on this machine and {why}. Fetch it where there is a network, "
        "or give the folder of a checkpoint."
    ),
    "err.not_hub": "{name} is not a hub id. An id reads user/name.",
    "err.hub_does": (
        "The hub does not know the token that was sent for {name}. Set another HF_TOKEN."
    ),
    "err.hub_did": "The hub did not give the model {name}: {first_line} Try again later.",
    "err.no_text_one": "There is no text. Give one.",
    "err.tokenizer_segments": (
        "The tokenizer has {value} segments and the model {n_kinds}. It belongs to another "
        "model: give the right `tokenizer`."
    ),
    "err.picture_pixels": (
        "A picture of {width} × {height} pixels does not fit the model, which has positions "
        "for {side} × {side}. Give the preprocessor_config.json that it was saved with."
    ),
    "err.picture_patches": (
        "A picture of {grid} patches does not fit the model, whose windows lie on {grids}. "
        "Give the preprocessor_config.json that it was saved with."
    ),
    "err.writes_about": "{model} ({family}) writes about a picture what a text asks. Give a text.",
    "err.reads_text": (
        "{model} ({family}) reads a text or a picture, and there is neither. Give a text, an "
        "`image`, or both."
    ),
    "err.text_place": "The text has a place for a picture, and there is none. Give an `image`.",
    "err.text_places": (
        "The text has places for {n} pictures or patches, and the picture has {n2} patches. "
        "Write the image token once: it stands for the whole picture."
    ),
    "err.takes_text": "{whose} takes one text. `pair` is for encoders, like BERT.",
    "err.reads_text_source": (
        "{whose} reads one text, and a source was given. Leave the source out, or choose an "
        "encoder-decoder."
    ),
    "err.both_given": "{what} were both given. Give one of them.",
    "err.pair_ids": "`pair` and `ids` were both given. Give two texts, or ids.",
    "err.encoder_no": (
        "{model} ({family}) has an encoder, and there is no source to read. Give a `source`."
    ),
    "err.tokenizer_built": (
        "`tokenizer` {place} is for the built-in heads: {model} has its own. Leave it out, or "
        "give a tokenizer.json."
    ),
    "err.does_not_say_token": (
        "{model} does not say which token its decoder begins with. Give a text, or `ids`."
    ),
    "err.token_id": (
        "The token id {largest} has no embedding: {model} has {n_ids}. The tokenizer belongs "
        "to another model: give the right `tokenizer`."
    ),
    "err.language_given": (
        'A language, "{language}", was given, and the vocabulary has no codes of languages. '
        "Leave it out, or take a translation model (NLLB, M2M-100, mBART)."
    ),
    "err.tokenizer_no": (
        "The tokenizer has no </s>, which ends a text in a language. Leave the language out, "
        "or give another tokenizer."
    ),
    "err.system_text": "A system text was given, and no chat. Add `chat`.",
    "err.encoder_decoder": "{model} is an encoder-decoder, which has no chat. Leave `chat` out.",
    "err.describes_pictures": "{model} describes pictures. Leave `chat` out.",
    "err.chat_needs": "A chat needs a text, and ids were given. Give the text.",
    "err.does_not_say_token_decoder": (
        "{model} does not say which token its decoder begins with. Give it as `ids`, and a "
        "`source`."
    ),
    "err.looks_picture": (
        "{model} ({family}) looks at a picture, and there is none. Give an `image`."
    ),
    "err.tensor_holds": (
        "The tensor {name} in {place} holds NaN or infinity. The checkpoint is damaged: fetch "
        "it again."
    ),
    "err.gave_nan": (
        "{model} gave NaN or infinity for this text. Its numbers grew too large: compare the "
        "checkpoint with transformers."
    ),
    "err.field": "{place} has a field that is not understood: {name} = {value}. {todo}",
    "err.no_config_here": "{place} has no config.json{what}. {todo}",
    "err.adapter_of_none": (
        "{place} holds a LoRA adapter of a model that it does not name. Give that model, and "
        "`adapter` {place}."
    ),
    "err.adapter_of": (
        "{place} holds a LoRA adapter of {base}: {reason} Give that model, and `adapter` {place}."
    ),
    "err.model_has_no": "The model {name} has no {file}. Choose another model.",
    "err.no_use": "{what} does not apply to {whose}. {todo}",
    "err.no_experts": (
        "{model} has no experts: all tokens pass the same feed-forward part. Give a mixture of "
        "experts (Mixtral, Qwen 3 MoE, gpt-oss, DeepSeek …)."
    ),
    "err.no_attention_there": (
        "Layer {layer} has no attention to show. These layers have: {layers}."
    ),
    "err.no_experts_there": "Layer {layer} of {model} has no experts. These have: {layers}.",
    "err.experts_not_kept": (
        "A record does not keep which experts its tokens passed. Run the text again with "
        "its model and `show` experts."
    ),
}

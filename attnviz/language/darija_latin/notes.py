"""What is odd about a checkpoint, its inputs or given weights, in Darija in Latin letters."""

SENTENCES = {
    "note.adapter": "Kayn LoRA adapter 7da weights dial {name}, walakin ma t7ettch fihom.",
    "note.own_code": (
        "{name} 3ndo code dialo, w ma khdemnach bih: li bayn howa lmodel l3adi dial had type."
    ),
    "note.unread": "Fields dial {file} li ma t9rawch: {names}.",
    "note.whole": (
        "Tswira 3tinaha l {model} kamla, bla parts mkebbrin li kayzid processor dialo "
        "(do_image_splitting)."
    ),
    "note.unknown_one": "{model} ma kay3refch had ltoken: {word}.",
    "note.unknown": "{model} ma kay3refch {n} mn tokens: {word}.",
    "note.marks": "Text fih {names}: model kay9rah bli howa mark dial chat, machi kelmat.",
    "note.left_out": 'Token lekher, "{token}", 3emro ma kan query: 7eyyednah.',
    "note.views": "L file fih {n} mn views; hada howa {name}.",
    "note.zero": (
        "{n} stora mn {total} fihom ghir sfer, lowel f {place}: had lquery ma kaychouf walo."
    ),
    "note.less": (
        "{n} stora mn {total} lmajmou3 dialhom 9ell mn 1, 7tal {value} f {place}: lba9i khdah "
        "sink, wla t9et3o, wla t9errbo."
    ),
    "note.rounded": "Lmajmou3 dial stora kaywsel 7tal {value}: weights t9errbo.",
}

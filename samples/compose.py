"""Compose a long story in English, of at least a given number of words.

    python samples/compose.py --words 12000 --seed 0

Chapter 1 tells what each villager keeps, and where: a copper lantern, marked with a
heron and the number 417. Every later chapter has a trouble that only such a thing can
end, so its rare words come back, often thousands of words further on; and every
chapter adds one more thing. The same seed gives the same text on every Python from
3.11 on, because all chance comes from `random.Random.random`.
"""

import argparse
import os
import random
import re
import sys
from typing import Any, NamedTuple


class Role(NamedTuple):
    name: str
    he: str
    his: str
    works: tuple[str, ...]


class Place(NamedTuple):
    name: str
    spots: tuple[str, ...]
    looks: tuple[str, ...]


class Trouble(NamedTuple):
    need: str
    title: str
    start: str
    tried: str
    solved: str


class Fact(NamedTuple):
    chapter: int
    owner: Role
    need: str
    item: str
    mark: str
    number: int
    place: Place
    spot: str


class Story:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random
        self.decks: dict[tuple[Any, ...], list[Any]] = {}
        self.facts: list[Fact] = []

    def take(self, items: list[Any]) -> Any:
        return items.pop(int(self.random() * len(items)))

    def draw(self, items: tuple[Any, ...]) -> Any:
        """Choose an item; it comes again when two thirds of the others have come."""
        if items not in self.decks:
            self.decks[items] = sorted(items, key=lambda _: self.random())
        deck = self.decks[items]
        deck.append(deck.pop(int(self.random() * ((len(deck) + 2) // 3))))
        return deck[-1]

    def say(self, *kinds: str, **scene: Any) -> str:
        """Draw a sentence pattern of each kind and fill it from the scene."""
        return fill(" ".join(self.draw(PATTERNS[kind]) for kind in kinds), scene)

    def learn(self, chapter: int, owner: Role) -> Fact:
        need, place = self.draw(tuple(ITEMS)), self.draw(PLACES)
        item, mark = self.draw(ITEMS[need]), self.draw(MARKS)
        number, spot = self.draw(NUMBERS), self.draw(place.spots)
        fact = Fact(chapter, owner, need, item, mark, number, place, spot)
        self.facts.append(fact)
        return fact

    def first_chapter(self) -> str:
        told = [self.say("first", fact=self.learn(1, owner)) for owner in ROLES]
        thirds = (" ".join(told[start : start + 4]) for start in (0, 4, 8))
        return "\n\n".join(["Chapter 1: What Everybody Knew", BEGINNING, *thirds, LAW])

    def chapter(self, number: int) -> str:
        trouble, season = self.draw(TROUBLES), SEASONS[number // 2 % 4]
        fact = self.take([fact for fact in self.facts if fact.need == trouble.need])
        other = self.take([other for other in self.facts if other != fact])
        places = [place for place in PLACES if place != fact.place]
        place, halt = self.take(places), self.take(places)
        roles = [role for role in ROLES if role not in (fact.owner, other.owner)]
        hero, helper, friend = (self.take(roles) for _ in range(3))
        scene = {"fact": fact, "other": other, "place": place, "halt": halt}
        scene |= {"hero": hero, "helper": helper, "friend": friend, "season": season}
        scene |= {meal: self.draw(FOOD) for meal in ("snack", "thanks", "supper")}
        scene |= {"work": self.draw(hero.works), "task": self.draw(friend.works)}
        scene |= {"look": self.draw(place.looks), "sight": self.draw(halt.looks)}
        scene["weather"] = self.draw(WEATHER[season])
        gift = self.learn(number, friend)

        paragraphs = [
            f"Chapter {number}: {trouble.title} near {place.name}",
            self.say("open", "crowd", **scene),
            fill(f"{trouble.start} {trouble.tried}", scene) + " " + self.say("worry"),
            self.say("ask", "recall", "reply", **scene),
            self.say("travel", "halt", "travel", "meet", "travel", **scene),
            self.say("found", "thought", "passing", **scene),
            fill(trouble.solved, scene) + " " + self.say("back", **scene),
            self.say("evening", "gift", "close", **scene | {"fact": gift}),
        ]
        return "\n\n".join(paragraphs)

    def last_page(self) -> str:
        first = (self.say("last", fact=fact) for fact in self.facts[:4])
        return "\n\n".join(["The Last Page", " ".join([LATER, *first]), GOODBYE])


def fill(pattern: str, scene: dict[str, Any]) -> str:
    """Put the scene into the pattern; start each sentence with a capital letter."""
    text = pattern.format(**scene)
    return re.sub(r'(?:^|\."? )"?[a-z]', lambda start: start[0].upper(), text)


def compose(words: int, seed: int) -> str:
    """Tell whole chapters until there are enough words, then the last page."""
    story = Story(seed)
    text = [story.first_chapter()]
    count = len(text[0].split())
    while count < words:
        text.append(story.chapter(number=len(text) + 1))
        count += len(text[-1].split())
    return "\n\n".join([*text, story.last_page()]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compose a long story in English.")
    parser.add_argument("--words", type=int, default=12000, help="at least this many")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other words")
    arguments = parser.parse_args()
    try:
        print(compose(arguments.words, arguments.seed), end="", flush=True)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# The word material. In the patterns, {fact} is the old fact that ends the trouble,
# {other} another one; hero, helper and friend own neither. Things and marks begin
# with consonants, so that "a" fits before them.

SEASONS = ("winter", "spring", "summer", "autumn")

WEATHER = {
    "spring": (
        "a soft wind smelled of wet grass and plum blossom",
        "rain had been drumming on the roofs since midnight",
        "the swallows were back, and the ditches sang with melted snow",
        "a rainbow stood with one foot in the reeds",
        "mist rose from the ploughed fields like steam from a kettle",
    ),
    "summer": (
        "the heat lay on the roads like a sleeping dog",
        "crickets were already loud in the dry clover",
        "not one cloud could be seen between the hills and the sea",
        "thunder grumbled far away, but no rain came",
        "the dust was so fine that sparrows bathed in it",
    ),
    "autumn": (
        "yellow leaves were falling into every bucket and hat",
        "geese went over in long crooked lines",
        "the air tasted of smoke, apples and damp wool",
        "a strong wind was rattling the shutters",
        "spiders had hung their silver threads across each gate",
    ),
    "winter": (
        "a thin frost lay on every fence",
        "snow had softened all the corners of the houses",
        "icicles as long as spoons hung above the doors",
        "the puddles were frozen, and the children slid to school",
        "the sky was the colour of slate and promised a storm",
    ),
}

OBJECTS = {
    "light": ("lantern", "lamp", "candlestick", "mirror"),
    "sound": ("flute", "bell", "whistle", "horn", "drum"),
    "way": ("compass", "sextant", "spyglass", "astrolabe"),
    "water": ("bucket", "jug", "kettle", "basin", "ladle"),
    "repair": ("hammer", "chisel", "mallet", "wrench", "crowbar"),
}

ADJECTIVES = (
    "copper", "silver", "pewter", "bronze", "tin", "crooked", "painted", "weathered",
    "dented", "crimson", "speckled", "turquoise", "mottled", "polished", "nameless",
    "violet",
)  # fmt: skip

NUMBERS = tuple(range(100, 1000))

ITEMS = {
    need: tuple(f"{look} {thing}" for thing in things for look in ADJECTIVES)
    for need, things in OBJECTS.items()
}

MARKS = (
    "heron", "comet", "thistle", "hedgehog", "pomegranate", "crescent", "peacock",
    "dragonfly", "walrus", "windmill", "snowflake", "mushroom", "spiral", "pelican",
    "labyrinth", "tortoise", "sycamore", "kingfisher", "scorpion", "pineapple",
    "squirrel", "volcano", "chameleon", "lobster", "trident", "cactus", "nightingale",
    "pyramid", "jellyfish", "sunflower", "badger", "harp", "zebra", "magpie", "radish",
    "beaver",
)  # fmt: skip

FOOD = (
    "a loaf of warm barley bread", "a bowl of lentil soup", "two pears and a walnut",
    "a wedge of goat cheese", "hot chestnuts in a paper cone", "a jar of pickled beets",
    "pancakes with gooseberry jam", "a pot of mint tea", "smoked trout and radishes",
    "a slice of carrot cake", "dried figs on a string", "onion pie from a tin plate",
    "oat biscuits with honey", "roasted turnips and butter", "a flask of apple juice",
    "cold potatoes with dill",
)  # fmt: skip

ROLES = (
    Role("the baker", "she", "her", (
        "the baker was pulling rye loaves from the oven",
        "the baker was dusting a long table with flour",
        "the baker was rolling almond paste into small moons",
    )),
    Role("the ferryman", "he", "his", (
        "the ferryman was tarring the bottom of an old punt",
        "the ferryman was coiling a wet rope around a post",
        "the ferryman was counting coins into a leather purse",
    )),
    Role("the teacher", "she", "her", (
        "the teacher was correcting sums with a green pencil",
        "the teacher was drawing the planets on a blackboard",
        "the teacher was reading a fable to eleven sleepy pupils",
    )),
    Role("the miller", "he", "his", (
        "the miller was sewing patches on empty sacks",
        "the miller was listening to the slow grinding stones",
        "the miller was sweeping bran from the loft",
    )),
    Role("the weaver", "she", "her", (
        "the weaver was dyeing yarn in three steaming tubs",
        "the weaver was untangling a skein of scarlet thread",
        "the weaver was folding blankets with striped borders",
    )),
    Role("the lighthouse keeper", "he", "his", (
        "the lighthouse keeper was wiping salt from a pane of glass",
        "the lighthouse keeper was writing the tides in a thick notebook",
        "the lighthouse keeper was feeding crumbs to a lame gull",
    )),
    Role("the beekeeper", "she", "her", (
        "the beekeeper was humming beside a row of hives",
        "the beekeeper was pouring clover honey into jars",
        "the beekeeper was trimming candles of pale wax",
    )),
    Role("the clockmaker", "he", "his", (
        "the clockmaker was oiling a wheel no bigger than a lentil",
        "the clockmaker was polishing a pendulum with chalk",
        "the clockmaker was comparing two watches that disagreed",
    )),
    Role("the gardener", "she", "her", (
        "the gardener was tying beans to hazel poles",
        "the gardener was sharpening a spade on a stone",
        "the gardener was planting garlic in a straight furrow",
    )),
    Role("the postman", "he", "his", (
        "the postman was sorting parcels by weight",
        "the postman was drying wet envelopes on a hedge",
        "the postman was mending a strap of his heavy bag",
    )),
    Role("the potter", "she", "her", (
        "the potter was turning a tall vase on her wheel",
        "the potter was kneading grey clay with bare feet",
        "the potter was glazing saucers with the blue of the sea",
    )),
    Role("the shepherd", "he", "his", (
        "the shepherd was carving a spoon from cherry wood",
        "the shepherd was combing burrs from an angry ram",
        "the shepherd was whittling pegs and watching the clouds",
    )),
)  # fmt: skip

PLACES = (
    Place("Tarrow", (
        "behind the loose brick of the Tarrow fountain",
        "in the attic of the Tarrow inn",
        "under the stone lion of Tarrow",
    ), (
        "The market square of Tarrow had seven corners and only one tree",
        "In Tarrow the houses leaned together as if they shared a secret",
    )),
    Place("Saltmere", (
        "inside the tide clock of Saltmere",
        "beneath the overturned boat at Saltmere",
        "in the smokehouse of Saltmere",
    ), (
        "At Saltmere the beach was covered with shells that rang like cups",
        "The nets of Saltmere hung between the masts like brown curtains",
    )),
    Place("Quillon", (
        "under the third plank of the Quillon pier",
        "in the customs house of Quillon",
        "behind the anchor at the gate of Quillon",
    ), (
        "The pier of Quillon walked out into the bay on a hundred legs",
        "Quillon was famous for its cats and its terrible trumpets",
    )),
    Place("Widderfen", (
        "in the hollow willow at Widderfen",
        "below the watchman's ladder at Widderfen",
        "inside the peat shed of Widderfen",
    ), (
        "Over the marsh of Widderfen small blue flames danced at dusk",
        "Widderfen had more frogs than people, and they spoke louder",
    )),
    Place("Mossgate", (
        "above the arch of Mossgate",
        "in the dry well of Mossgate",
        "between the two bells of Mossgate",
    ), (
        "The walls of Mossgate were so green that goats tried to eat them",
        "In Mossgate every doorstep had a bench, and every bench a grandmother",
    )),
    Place("Brindleton", (
        "under the hay in the great barn of Brindleton",
        "in the cider cellar of Brindleton",
        "behind the pigeon loft of Brindleton",
    ), (
        "Around Brindleton the orchards went up and down like waves",
        "The cows of Brindleton wore ribbons on the first day of each month",
    )),
    Place("Oxlip Hill", (
        "in the cairn on top of Oxlip Hill",
        "beneath the fallen oak of Oxlip Hill",
        "inside the ruined chapel of Oxlip Hill",
    ), (
        "From Oxlip Hill a traveller could see four rivers and half an ocean",
        "Larks rose from Oxlip Hill as if the ground were throwing them",
    )),
    Place("Pellow Lock", (
        "in the toolbox of Pellow Lock",
        "under the iron footbridge at Pellow Lock",
        "behind the winch of Pellow Lock",
    ), (
        "At Pellow Lock the barges waited in line and gossiped with their horns",
        "The canal near Pellow Lock was straight, brown and full of sky",
    )),
    Place("Hollin Wood", (
        "among the roots of the oldest beech in Hollin Wood",
        "in the charcoal hut of Hollin Wood",
        "beneath the flat rock in Hollin Wood",
    ), (
        "In Hollin Wood the paths moved a little whenever nobody watched",
        "Hollin Wood smelled of resin, foxes and last year's rain",
    )),
    Place("Fernhallow", (
        "in the library tower of Fernhallow",
        "under the blue stairs of Fernhallow",
        "behind the organ of Fernhallow",
    ), (
        "The library of Fernhallow lent books, umbrellas and good advice",
        "Ivy covered Fernhallow so thickly that windows were found by accident",
    )),
    Place("Thornquay", (
        "in the sail loft of Thornquay",
        "beside the broken crane at Thornquay",
        "under the harbour steps of Thornquay",
    ), (
        "In Thornquay sailors sold oranges, parrots and unlikely stories",
        "The harbour of Thornquay creaked all night like a wicker chair",
    )),
    Place("Ember Ridge", (
        "at the back of the warm cave on Ember Ridge",
        "inside the abandoned forge of Ember Ridge",
        "below the signal post of Ember Ridge",
    ), (
        "On Ember Ridge the stones stayed warm until after supper",
        "The quarry of Ember Ridge glowed red whenever the sun went down",
    )),
)  # fmt: skip

TROUBLES = (
    Trouble("light", "The Dark Cellar",
        "Forty cheeses lay in the deep cellar near {place.name}, and the last candle "
        "had gone out. Nobody could tell the ripe ones from the young ones.",
        "{hero.name} tried to choose by smell, and came back with a boot.",
        "In the cellar the {fact.item} filled every corner with gold. {hero.name} "
        "read all the labels, and by noon the forty cheeses stood in good order.",
    ),
    Trouble("light", "The Lost Lamb",
        "A lamb with one black ear had wandered into the caves near {place.name}. Its "
        "mother stood at the entrance and would not eat.",
        "{hero.name} went in twice, but after nine paces the darkness was complete.",
        "With the {fact.item} they saw small footprints in the sand of the cave. The "
        "lamb was sitting behind a rock, unhurt, and chewing on a glove.",
    ),
    Trouble("light", "The Play in the Barn",
        "The children had rehearsed a comedy about a vain king, and everybody near "
        "{place.name} had bought a ticket. An hour before the curtain the stage was "
        "as black as a chimney.",
        "{hero.name} opened the doors, but the wind blew the paper crowns away.",
        "They hung the {fact.item} above the stage, and the paper crowns began to "
        "shine. The vain king bowed three times, and even the donkey clapped.",
    ),
    Trouble("light", "The Night Ferry",
        "A doctor had to cross the water near {place.name} after sunset, for a fever "
        "would not wait. The landing on the far side could not be seen.",
        "{hero.name} lit a fire of straw, and it burned out before the oars were wet.",
        "{hero.name} held the {fact.item} high, and a bright road appeared on the "
        "water. The doctor landed safely, and the fever broke before dawn.",
    ),
    Trouble("sound", "The Silent Wedding",
        "Two hundred guests had come to a wedding near {place.name}, but the musicians "
        "were stuck in the mud with their wagon. Without music nobody dared to dance.",
        "{hero.name} began to sing, and an uncle politely asked for silence.",
        "The {fact.item} made only a simple tune, yet it was enough. First the bride "
        "danced, then the cooks, and at last two hundred guests stamped the floor.",
    ),
    Trouble("sound", "The Scattered Geese",
        "A fox had frightened the geese near {place.name}, and now they were spread "
        "over three valleys. Their owner sat on a wall and wept into a scarf.",
        "{hero.name} shouted until {hero.his} voice cracked, but geese are proud.",
        "At the first call of the {fact.item} a white neck rose from the barley, then "
        "another. Before supper all the geese marched home in a single file.",
    ),
    Trouble("sound", "The Blind Fog",
        "A fog had swallowed the fishing boats near {place.name}. On the beach the "
        "families waited, and heard only water.",
        "{hero.name} waved a red flag, although nobody could see {hero.his} hand.",
        "They sounded the {fact.item} once in every minute, and the boats turned "
        "towards it. One after another the wet bows came out of the fog.",
    ),
    Trouble("sound", "The Late Parade",
        "The parade near {place.name} could not begin, because the captain of the "
        "guard had lost the signal. Elephants of painted cloth were waiting in a lane.",
        "{hero.name} banged two saucepans together, and the front elephant fainted.",
        "When the {fact.item} sounded, a hundred feet moved at once. The elephants "
        "swayed around the square, and no saucepan was needed.",
    ),
    Trouble("way", "The Buried Path",
        "A landslide had covered the mountain path near {place.name}. Six merchants "
        "with a piano were waiting to be led across.",
        "{hero.name} followed a stream, and met the same crow four times.",
        "With the {fact.item} in {hero.his} hand, {hero.name} led them past the fallen "
        "rocks. The merchants unpacked the piano and played a march of victory.",
    ),
    Trouble("way", "The Wrong Map",
        "The only map of the country near {place.name} had been eaten by a goat, and "
        "the copy showed a lake where there was a steep cliff.",
        "{hero.name} turned the copy upside down, which improved only the spelling.",
        "They measured the cliff and the valley with the {fact.item}, line by line. "
        "The new map was so exact that the goat was kept in another village.",
    ),
    Trouble("way", "The Letter Without an Address",
        "A letter had come for a hermit who lived somewhere near {place.name}. On the "
        "envelope stood only: north of the moonrise, beyond the second echo.",
        "{hero.name} asked two owls and a tinker, and learned nothing useful.",
        "The {fact.item} pointed them to a ravine with a double echo. The hermit read "
        "the letter, laughed for an hour, and invited them to a game of chess.",
    ),
    Trouble("way", "The Quarrel of the Neighbours",
        "Two neighbours near {place.name} could not agree where one meadow ended and "
        "the other began. They had stopped greeting each other, and so had their dogs.",
        "{hero.name} stretched a string, but the dogs carried it off.",
        "The {fact.item} settled the matter before noon: the border ran through a pear "
        "tree. The neighbours shared the pears, and the dogs shared the string.",
    ),
    Trouble("water", "The Thirsty Orchard",
        "The pump near {place.name} had failed, and 60 young apricot trees were "
        "dropping their leaves. The brook was close, but the bank was steep.",
        "{hero.name} carried water in a hat, and arrived with a wet sleeve.",
        "From hand to hand the {fact.item} went, from the brook to the last row. "
        "At sunset the 60 apricot trees stood in dark, cool soil.",
    ),
    Trouble("water", "The Leaking Roof",
        "The roof of the schoolroom near {place.name} leaked over the shelf with the "
        "atlases. Every pot in the street was already full.",
        "{hero.name} opened an umbrella indoors, and found that it had holes too.",
        "They set the {fact.item} under the worst of the leaks, and it rang with each "
        "drop. The atlases stayed dry; only a corner of Greenland was stained.",
    ),
    Trouble("water", "The Hundred Guests",
        "A choir of a hundred singers had arrived near {place.name} a day too early. "
        "There was soup enough for everybody, but nothing to serve it with.",
        "{hero.name} offered flowerpots, but flowerpots have a hole at the bottom.",
        "The {fact.item} went around the tables four times, and each time it came back "
        "empty. The choir sang a grace so loudly that the spoons trembled.",
    ),
    Trouble("water", "The Smoking Haystack",
        "A haystack near {place.name} had begun to smoke, quietly, like a kettle "
        "in another room. If it caught fire, the stables would be next.",
        "{hero.name} threw snowballs of mud at it, and mostly missed.",
        "{hero.name} filled the {fact.item} at the trough and ran, again and again. "
        "At last the smoke turned white and died, and the horses stopped kicking.",
    ),
    Trouble("repair", "The Broken Wheel",
        "The wagon of the travelling theatre had lost a wheel near {place.name}. "
        "Seven actors sat in the grass and quarrelled in verse.",
        "{hero.name} tied the spokes with ivy, and they held for almost a minute.",
        "Three careful blows with the {fact.item}, and the rim sat firmly again. The "
        "actors stopped quarrelling and played the last act for nothing.",
    ),
    Trouble("repair", "The Stubborn Sluice",
        "The sluice near {place.name} had jammed, and the mill pond was climbing over "
        "its banks. Ducks were swimming between the cabbages.",
        "{hero.name} pushed with {hero.his} whole weight, and slid into the pond.",
        "The {fact.item} found the rusted bolt, and with a groan the sluice gave way. "
        "The pond sank to its old line, and the ducks complained.",
    ),
    Trouble("repair", "The Crooked Bridge",
        "One post of the bridge near {place.name} had sunk so far that carts rolled "
        "sideways. The cheese market was to open in two days.",
        "{hero.name} put a barrel beneath the planks, and the barrel burst.",
        "They lifted the beam and drove in fresh wedges with the {fact.item}. The "
        "first cart crossed without spilling a single egg.",
    ),
    Trouble("repair", "The Stopped Carousel",
        "The wooden carousel near {place.name} had stopped in the middle of a ride. "
        "Nine children sat on their horses and refused to climb down.",
        "{hero.name} looked inside the machine, and the machine bit {hero.his} thumb.",
        "A button was stuck between two gears, and the {fact.item} set it free. The "
        "carousel sighed, turned, and played its only waltz.",
    ),
)  # fmt: skip

PATTERNS = {
    "first": (
        (
            "{fact.owner.name} kept a certain {fact.item} {fact.spot}. It was marked "
            "with a {fact.mark} and the number {fact.number}."
        ),
        (
            "{fact.spot}, wrapped in linen, was the {fact.item} of {fact.owner.name}, "
            "and on it were a {fact.mark} and the number {fact.number}."
        ),
        (
            "{fact.owner.name} owned the {fact.item} with the {fact.mark} and the "
            "number {fact.number}, and kept it {fact.spot}."
        ),
        (
            "the {fact.item} of {fact.owner.name} bore a {fact.mark} and the number "
            "{fact.number}; its home was {fact.spot}."
        ),
    ),
    "open": (
        "early in the {season} {weather}. {look}, and close by {work}.",
        "one {season} morning {weather}. Not far from {place.name} {work}. {look}.",
        ("it was a day in {season}, and {weather}. {look}, and in the midst of it all {work}."),
        ("late in the {season} {weather}, and on the road to {place.name} {work}. {look}."),
        (
            "that {season} {hero.name} had business near {place.name}. {look}. "
            "{weather}, and {work}."
        ),
    ),
    "crowd": (
        "Then somebody ran up the road without a hat.",
        "A door banged, and three people spoke at the same time.",
        "It would have been a peaceful day, but for a small voice calling for help.",
        "At ten o'clock a boy arrived, out of breath, with bad news.",
        "The news came with the milk cart, and it grew at each stop.",
        "Nobody expected trouble, and so trouble had a good seat.",
        "Suddenly all the dogs began to bark in the same direction.",
        "A woman with a basket of eggs stopped and pointed.",
        "Before the bread was cool, the whole street knew that something was wrong.",
    ),
    "worry": (
        "People shook their heads and looked at their shoes.",
        "It was not a disaster yet, but it was practising.",
        "The mayor suggested a committee, and nobody listened.",
        "An old sailor said that it had been worse in the year of the whale.",
        "A murmur went through the crowd, from the front to the back and home again.",
        "After that there was a long and thoughtful silence.",
        "Two twins offered to cry, if it would help.",
        "Somebody laughed, somebody sneezed, and the hours went by.",
        "Even the pigeons seemed to have an opinion.",
    ),
    "ask": (
        '"What can we do now?" asked {hero.name}.',
        '"There must be an answer," said {hero.name}, "but it is hiding from me."',
        '{hero.name} turned to {helper.name}. "You have seen much. Help me think."',
        '"I have tried everything," said {hero.name}, and sat down on a crate.',
        '"Who remembers the old things?" {hero.name} called out.',
        (
            '{helper.name} had been listening quietly. "Begin again," {helper.he} '
            'said, "and slowly." So {hero.name} told it again.'
        ),
        '"My hands are empty," said {hero.name}, "and so is my head."',
        '"If only we had the right tool," {hero.name} whispered.',
    ),
    "recall": (
        (
            'But {helper.name} remembered chapter {fact.chapter}. "{fact.owner.name} '
            'keeps a certain {fact.item}," {helper.he} said. "It is {fact.spot}, and '
            'it has a {fact.mark} on it."'
        ),
        (
            '"Think of the {fact.item}," {helper.name} answered. "{fact.owner.name} '
            "keeps it {fact.spot}. You will know it by the {fact.mark} and the number "
            '{fact.number}."'
        ),
        (
            '{helper.name} closed both eyes. "A {fact.mark} and the number '
            '{fact.number}," {helper.he} murmured. "That is the {fact.item} of '
            '{fact.owner.name}, and it must still be {fact.spot}."'
        ),
        (
            '"Have you forgotten {fact.owner.name}?" said {helper.name}. "The '
            "{fact.item} has been {fact.spot} ever since chapter {fact.chapter}. "
            'Nobody has moved it."'
        ),
        (
            '{helper.name} drew a {fact.mark} in the dust. "{fact.spot}," {helper.he} '
            'said, "{fact.owner.name} keeps the {fact.item}, number {fact.number}. '
            'That is what we need."'
        ),
        (
            '"Number {fact.number}," said {helper.name} at last. "The one with the '
            "{fact.mark}. I mean the {fact.item} that {fact.owner.name} keeps "
            '{fact.spot}."'
        ),
    ),
    "reply": (
        ('"Then let us go to {fact.place.name}," said {hero.name}, "before the light changes."'),
        "{hero.name} was already lacing {hero.his} boots.",
        '"{fact.place.name} is far," said {hero.name}, "but waiting is farther."',
        "They asked {fact.owner.name} for leave, and {fact.owner.name} gave it gladly.",
        (
            '{hero.name} laughed for the first time that day. "Of course! And I walk '
            'past {fact.place.name} every week."'
        ),
        '"I will carry the sandwiches," said {hero.name}, and the plan was made.',
        "{hero.name} tied a knot in a handkerchief, so as not to forget again.",
        "So {hero.name} and {helper.name} set out for {fact.place.name} together.",
    ),
    "travel": (
        "They followed the river until it grew too wide to talk across.",
        "The road climbed between stone walls where lizards were sleeping.",
        "A hay wagon carried them for a mile and asked for nothing but a song.",
        "At the old tollgate they paid with a button and a joke.",
        "They argued kindly about whether a tomato is a fruit.",
        "A lost puppy walked with them as far as the second milestone.",
        "{helper.name} knew a short cut, and it was longer than the road.",
        "{hero.name} counted magpies, and stopped at thirteen.",
        "Twice they took a wrong turning, and twice a scarecrow showed the right one.",
        "In the forest a woodpecker was knocking, but nobody opened.",
        "They crossed a swamp on planks that bent like violin bows.",
        "A pedlar offered them a ladder, a prophecy and some cheap soap.",
        "{hero.name} told a long riddle about a bishop and an umbrella.",
        "Where the telegraph wires ended, the nettles began.",
        "{helper.name} had a blister, and described it with great talent.",
        "They rested on a tree trunk and shared an apple.",
        "The path went down through bracken, and their knees began to grumble.",
        "A caravan of white moths drifted over the lane like confetti.",
        "They drank from a spring so cold that it hurt the teeth.",
        "Far off a train crossed a viaduct and vanished into its own smoke.",
        "Behind a chalk pit they found a fossil no larger than a pea.",
    ),
    "halt": (
        "Their way led through {halt.name}. {sight}, but they had no time to stay.",
        "At noon they reached {halt.name}. {sight}.",
        "{sight}. Beyond {halt.name} the country was empty and wide.",
        ("Near {halt.name} they asked for the way, and got three different answers. {sight}."),
        "They came past {halt.name}, and {helper.name} wanted to stop. {sight}.",
    ),
    "meet": (
        ("Near a crossroads {task}. {friend.name} gave them {snack}, and asked to come along."),
        "By the wayside {task}. The three of them went on together.",
        (
            "Outside a small shed {task}. When {friend.he} heard the story, "
            "{friend.he} left everything and followed."
        ),
        (
            'Beside a windmill {task}. "I know that thing," said {friend.name}, "and I '
            'want to see it again."'
        ),
        (
            "In a sheltered corner {task}. {friend.name} shared {snack} with them, and "
            "then {friend.his} company."
        ),
    ),
    "found": (
        (
            "There, {fact.spot}, was the {fact.item}. The {fact.mark} was as clear as "
            "on the first day, and so was the number {fact.number}."
        ),
        (
            "{fact.place.name} was quiet when they came. {hero.name} reached into the "
            "dark, and drew out the {fact.item}, with its {fact.mark} and its number, "
            "{fact.number}."
        ),
        (
            "They found it at once, {fact.spot}: the {fact.item} of {fact.owner.name}. "
            "{helper.name} rubbed the dust from the {fact.mark}, and read: "
            "{fact.number}."
        ),
        (
            "Everything was as chapter {fact.chapter} had told. The {fact.item} lay "
            "{fact.spot}, and a {fact.mark} looked up at them."
        ),
        (
            '"{fact.number}," read {hero.name}, "and a {fact.mark}." It was the '
            "{fact.item}, {fact.spot}, and not even a mouse had touched it."
        ),
        (
            "At {fact.place.name} they searched for a while, and then {friend.name} "
            "gave a shout. The {fact.item} was {fact.spot}, just where "
            "{fact.owner.name} had put it."
        ),
    ),
    "thought": (
        "A promise that is kept, thought {hero.name}, weighs less than a feather.",
        "Some things grow heavier when they are needed, and this was one of them.",
        "{helper.name} said that memory is a cupboard with more drawers than doors.",
        "For a moment nobody spoke, as people do in front of a very old tree.",
        "It is strange how a small object can hold a whole afternoon.",
        "{friend.name} wondered how many hands had held it before.",
        "What is told early, {helper.name} liked to say, is seldom told for nothing.",
        "{hero.name} felt as if a distant page had been turned back.",
        "There was a smell of cedar and of years.",
        "Luck, said {friend.name}, is only patience wearing a carnival mask.",
    ),
    "passing": (
        (
            "They also spoke of {other.owner.name}, and of the {other.item} with the "
            "{other.mark} that was kept {other.spot}."
        ),
        (
            'On the way home {friend.name} asked about the {other.mark}. "That is on '
            'the {other.item}," said {helper.name}, "and you will find it '
            '{other.spot}."'
        ),
        (
            "It was not the only treasure of the country: chapter {other.chapter} told "
            "of the {other.item} of {other.owner.name}, number {other.number}."
        ),
        (
            "{helper.name} could name the others as well, even number {other.number}, "
            "the {other.item}, which was {other.spot}."
        ),
        (
            "Then they hurried back to {place.name}, and left all other things in "
            "their places, even the {other.item} that lay {other.spot}."
        ),
    ),
    "back": (
        ("When the work was done, {hero.name} carried the {fact.item} back to {fact.place.name}."),
        "That same night the {fact.item} was again {fact.spot}.",
        (
            "{fact.owner.name} was thanked with {thanks}, and the {fact.item} went "
            "home to {fact.place.name}."
        ),
        (
            "{helper.name} cleaned the {fact.item} with vinegar, and took it back to "
            "where it belonged."
        ),
        ("Nobody cheered louder than {fact.owner.name}, who put the {fact.item} back {fact.spot}."),
        ('A cousin wanted to buy the {fact.item}. "No," said {hero.name}, "it lives {fact.spot}."'),
    ),
    "evening": (
        "In the evening they lit a fire of pine cones and shared {supper}.",
        "Somebody brought a fiddle, somebody brought {supper}, and the stars came out.",
        "At dusk the benches were carried outside, and {supper} went around.",
        "The lamps were lit late that night, because nobody wanted to go home.",
        "After supper the grandparents played dominoes, and cheated like sparrows.",
        "Moths circled above the table, and the children fell asleep among the coats.",
        "They danced until the accordion lost its breath.",
        "When the moon had climbed over the chimneys, the talk grew soft.",
        "A kettle was singing in the kitchen, and the rain sang with it.",
    ),
    "gift": (
        (
            'Then {fact.owner.name} stood up. "I have a {fact.item}," {fact.owner.he} '
            'said, "marked with a {fact.mark} and the number {fact.number}. From today '
            'I shall keep it {fact.spot}, for all of us."'
        ),
        (
            "Before midnight {fact.owner.name} unwrapped a {fact.item}. It was marked "
            "with a {fact.mark} and the number {fact.number}, and everybody learned "
            "that it would be kept {fact.spot}."
        ),
        (
            "That was the hour when {fact.owner.name} told them about the {fact.item}, "
            "which had a {fact.mark} on it and the number {fact.number}. Its place, "
            "{fact.owner.he} said, would be {fact.spot}."
        ),
        (
            "{fact.owner.name} passed a {fact.item} around the table. The children "
            "traced the {fact.mark} with a finger and spelled the number "
            "{fact.number}. In the morning it was put {fact.spot}."
        ),
    ),
    "close": (
        "So the list of things worth remembering grew by one.",
        "Nobody wrote it down, and everybody knew it by heart.",
        "{hero.name} slept well, and dreamed of nothing in particular.",
        "Outside, an owl asked its question, and was content without an answer.",
        "And that would have been the end, if there had been no tomorrow.",
        "The last candle went out, and {place.name} belonged to the cats.",
        "{helper.name} repeated it once, softly, like a rhyme for skipping.",
        "By then the trouble near {place.name} was only a story, and a good one.",
        "The wind turned a page of the calendar, and the village slept.",
    ),
    "last": (
        (
            "{fact.owner.name} still had the {fact.item} with the {fact.mark}, number "
            "{fact.number}, {fact.spot}."
        ),
        (
            "The {fact.item} of {fact.owner.name} was still {fact.spot}, and its "
            "{fact.mark} and its number, {fact.number}, could still be read."
        ),
    ),
}

BEGINNING = (
    "Between the hills and the sea there is a country with twelve places and twelve "
    "people who know them all. They have no king and no newspaper, but they have good "
    "memories. Each of them keeps one useful thing, and each thing has a mark, a "
    "number and a home. Whoever wants to understand this story should listen now, for "
    "what is said here will be needed later."
)

LAW = (
    "These twelve things could be borrowed by anybody in trouble, on two conditions: "
    "to ask the owner first, and to bring the thing back to its home. That was the "
    "whole law of the country, and it was enough."
)

LATER = (
    "Many years have passed, and the twelve have grown old, but what was told in "
    "chapter 1 is true to this day."
)

GOODBYE = "Ask before you borrow, bring back what you took, and remember the numbers."

if __name__ == "__main__":
    main()

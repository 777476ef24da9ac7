// What the page was given, and what the reader chose of it.

const tree = JSON.parse(document.getElementById("tree").textContent);
const VIEWS = ["heads", "heatmap", "links", "text", "table"];
if (tree.timeline) VIEWS.push("timeline"); // of a text that a model wrote
if (tree.stacks.some(({ sound }) => sound)) VIEWS.push("sound"); // where keys are its frames
if (tree.stacks.some(({ image }) => image.queries || image.keys)) VIEWS.push("image");
const BESIDE_MOST = 5; // heads beside the first, as many as there are colours for them
const state = {
  view: tree.start.view,
  stack: 0,
  source: 0, // which of the stack's: weights, rollout
  layer: tree.start.layer,
  head: tree.start.head, // null is the mean
  beside: tree.start.beside.slice(0, BESIDE_MOST), // heads to see beside it, {layer, head}
  scale: tree.start.scale,
  merge: "", // words, sentences, lines, or tokens as they are
  hide: false,
  language: tree.start.language,
  theme: "system",
  query: tree.start.query, // tokens, so that they stay when units are merged
  key: null,
  asked: "query", // whose weights stand beside the picture: the query's or the key's
  pinned: false,
  told: false, // whether the reader chose the query and the key, not only passed over them
  span: null, // the part of the heatmap that is seen: {top, bottom, left, right} in items
};

const stackNow = () => tree.stacks[state.stack];
const sourceNow = () => stackNow().sources[state.source];
const placesNow = () => [{ layer: state.layer, head: state.head }, ...state.beside];
const oneText = () => stackNow().keys === null;
const canJoin = () => !sourceNow().strongest;
const merges = () => [
  "",
  ...Object.keys({ ...stackNow().queries.units, ...stackNow().keys?.units }),
];

// "2.8", or "2.mean"; and back, {layer, head}: one number alone is {layer}.
const placeName = ({ layer, head }) => `${layer}.${head ?? "mean"}`;
function placeFrom(said) {
  const found = /^(\d{1,6})(?:\.(\d{1,6}|mean))?$/.exec(said);
  if (!found) return null;
  const layer = Number(found[1]);
  if (found[2] === undefined) return { layer };
  return { layer, head: found[2] === "mean" ? null : Number(found[2]) };
}

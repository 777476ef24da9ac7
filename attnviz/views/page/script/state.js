// What the page was given, and what the reader chose of it.

const tree = JSON.parse(document.getElementById("tree").textContent);
const VIEWS = ["heads", "heatmap", "links", "text", "table"];
if (tree.timeline) VIEWS.push("timeline"); // of a text that a model wrote
if (tree.stacks.some(({ sound }) => sound)) VIEWS.push("sound"); // where keys are its frames
const state = {
  view: tree.start.view,
  stack: 0,
  source: 0, // which of the stack's: weights, rollout
  layer: tree.start.layer,
  head: tree.start.head, // null is the mean
  scale: tree.start.scale,
  merge: "", // words, sentences, lines, or tokens as they are
  hide: false,
  language: tree.start.language,
  theme: "system",
  query: null, // tokens, so that they stay when units are merged
  key: null,
  asked: "query", // whose weights stand beside the picture: the query's or the key's
  pinned: false,
  span: null, // the part of the heatmap that is seen: {top, bottom, left, right} in items
};

const stackNow = () => tree.stacks[state.stack];
const sourceNow = () => stackNow().sources[state.source];
const oneText = () => stackNow().keys === null;
const canJoin = () => !sourceNow().strongest;
const merges = () => [
  "",
  ...Object.keys({ ...stackNow().queries.units, ...stackNow().keys?.units }),
];

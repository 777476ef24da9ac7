// The lesson: what the page was given, and what its reader chose and answered. Nothing is kept or sent.

const tree = JSON.parse(document.getElementById("tree").textContent);
const state = {
  language: tree.language,
  theme: "system",
  answers: false, // whether the answers stand at the end
};
const lessonsNow = () => tree.lessons[state.language];

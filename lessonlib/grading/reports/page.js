"use strict";
// Search and filters over the results, which stand in the page whether this runs or not.
const form = document.getElementById("filters");
const count = document.getElementById("count");
const results = [...document.querySelectorAll("details.result")];
// Letters without their accents, so that any keyboard finds any name.
const letters = { ł: "l", đ: "d", ð: "d", ø: "o", ı: "i", ß: "ss", æ: "ae", œ: "oe", þ: "th" };
const fold = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[łđðøıßæœþ]/g, (l) => letters[l]);
for (const result of results) result.words = fold(result.dataset.words);

const shown = () => results.filter((result) => !result.hidden);

function filter() {
  const words = fold(form.elements.search.value).split(/\s+/).filter(Boolean);
  const { exercise, status, part } = form.elements;
  for (const result of results) {
    const data = result.dataset;
    result.hidden = !(
      words.every((word) => result.words.includes(word)) &&
      (!exercise.value || data.exercise === exercise.value) &&
      (!status.value || data.status.split(" ").includes(status.value)) &&
      (!part.value || data.failed.split(" ").includes(part.value))
    );
  }
  const left = shown().length;
  count.textContent = left ? `${left} of ${results.length} shown` : "Nothing fits: clear a filter";
}

// A link to one result opens it, whatever the filters hide.
function follow() {
  const result = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!result?.matches("details.result")) return;
  result.hidden = false;
  result.open = true;
  history.scrollRestoration = "manual"; // a reload goes there again, not to where it was left
  result.scrollIntoView();
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
document.getElementById("open").addEventListener("click", () => {
  const all = shown();
  const open = all.some((result) => !result.open);
  for (const result of all) result.open = open;
});
addEventListener("hashchange", follow);
form.hidden = false;
filter();
follow();

"use strict";
// Right and j lead to the next page of a list, left and k to the one before, where a page has such links.
const RELATIONS = { ArrowRight: "next", j: "next", ArrowLeft: "prev", k: "prev" };
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return;
  if (event.target instanceof Element && event.target.closest("input, select, textarea, summary")) return;
  const relation = RELATIONS[event.key];
  const link = relation && document.querySelector(`a[rel="${relation}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});

// After a partial swap: move the reader's focus to the new content when it asks for it. Everything works without.
document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target.querySelector("[data-focus]");
  if (target) target.focus();
});

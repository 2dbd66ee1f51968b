// Filters whatever has an outcome by its words and its outcome; an address that leads into something closed opens it.
"use strict";

(function () {
  function open() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const closed = target && target.closest("details:not([open])");
    if (closed) closed.open = true;
  }

  open();
  addEventListener("hashchange", open);

  const form = document.getElementById("filter");
  if (!form) return;
  const query = document.getElementById("query");
  const outcome = document.getElementById("outcome");
  const count = document.getElementById("count");
  const items = [...document.querySelectorAll("[data-outcome]")].map((element) => [element, element.textContent.toLowerCase()]);
  const groups = [...document.querySelectorAll("[data-group]")];
  form.hidden = false;

  function show() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [element, text] of items) {
      const fits = (!outcome.value || element.dataset.outcome === outcome.value) && words.every((word) => text.includes(word));
      element.hidden = !fits;
      shown += fits;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-outcome]:not([hidden])");
    count.textContent = words.length || outcome.value ? shown + " of " + items.length + " shown" : "";
  }

  query.addEventListener("input", show);
  outcome.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|select|textarea)$/i.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); query.focus(); }
    if (event.key === "Escape" && document.activeElement === query) { query.value = ""; show(); }
  });
})();

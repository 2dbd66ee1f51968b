// Search over the index that search.js brings, and addresses: an id that stands on another page leads there.
"use strict";

(function () {
  const index = window.SEARCH || [];

  function lead() {
    const id = decodeURIComponent(location.hash.slice(1));
    if (!id || id.startsWith("/") || document.getElementById(id)) return;
    const entry = index.find((each) => each[1].toLowerCase() === id.toLowerCase());
    if (entry) location.replace(entry[3]);
  }

  lead();
  addEventListener("hashchange", lead);

  const form = document.getElementById("search");
  if (!form) return;
  const input = document.getElementById("query");
  const panel = document.getElementById("found");
  const count = document.getElementById("count");
  const list = document.getElementById("results");
  const most = 40;
  form.hidden = false;

  function matches(words) {
    const first = [];
    const rest = [];
    for (const entry of index) {
      const text = (entry[0] + " " + entry[1] + " " + entry[2]).toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
      (entry[1].toLowerCase().startsWith(words[0]) ? first : rest).push(entry);
    }
    return first.concat(rest);
  }

  function item(entry) {
    const link = document.createElement("a");
    link.href = entry[3];
    const id = document.createElement("b");
    id.textContent = entry[1];
    const kind = document.createElement("small");
    kind.textContent = " " + entry[0] + " ";
    link.append(id, kind, entry[2].replaceAll("`", ""));
    const line = document.createElement("li");
    line.append(link);
    return line;
  }

  function show() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    panel.hidden = !words.length;
    if (!words.length) return;
    const found = matches(words);
    count.textContent =
      found.length === 0 ? "Nothing found" : found.length > most ? found.length + " found, " + most + " shown" : found.length + " found";
    list.replaceChildren(...found.slice(0, most).map(item));
  }

  input.addEventListener("input", show);
  input.addEventListener("focus", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const link = list.querySelector("a");
    if (link && !panel.hidden) link.click();
  });
  list.addEventListener("click", () => { panel.hidden = true; });
  document.addEventListener("click", (event) => { if (!form.contains(event.target)) panel.hidden = true; });
  form.addEventListener("focusout", (event) => { if (event.relatedTarget && !form.contains(event.relatedTarget)) panel.hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { panel.hidden = true; return; }
    const typing = /^(input|select|textarea)$/i.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); input.focus(); }
  });
})();

// The decision explorer: looks the picked cell up in the data that the oracle made. No rule is stated here.
"use strict";

(function () {
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const form = document.getElementById("explorer");
  const datasets = ["dataset-1", "dataset-2", "dataset-3"].map((id) => document.getElementById(id));
  const run = document.getElementById("run");
  const name = document.getElementById("name");
  const selects = [...datasets, run, name];
  const outcomes = document.getElementById("outcomes");
  const why = document.getElementById("why");

  const caller = () => data.callers.find((each) => each.id === form.elements.caller.value);
  const choices = (id) => caller().controls.find((each) => each.id === id).choices;

  function fill() {
    for (const select of selects) {
      const before = select.value;
      select.replaceChildren(...choices(select.id).map(([value, words]) => new Option(words, value)));
      if ([...select.options].some((each) => each.value === before)) select.value = before;
    }
  }

  // The selection as sorted numbers of kinds; `from` says where each stood in the form.
  function picked() {
    const kinds = choices("dataset-1").map(([value]) => value).filter(Boolean);
    const found = datasets
      .map((select, at) => ({ kind: kinds.indexOf(select.value), at }))
      .filter((each) => each.kind >= 0);
    return found.sort((one, other) => one.kind - other.kind || one.at - other.at);
  }

  function answer(selection) {
    const cell = caller().cells[selection.map((each) => each.kind).join(".")];
    const runs = choices("run").length;
    const at = name.selectedIndex * runs + run.selectedIndex;
    return data.answers[cell[at]];
  }

  function element(tag, text, kind) {
    const found = document.createElement(tag);
    if (text) found.textContent = text;
    if (kind) found.className = kind;
    return found;
  }

  // "a, b and c".
  function listed(parts, last) {
    return parts.length > 1 ? parts.slice(0, -1).join(", ") + " " + last + " " + parts[parts.length - 1] : String(parts[0] ?? "");
  }

  function ruleLink(rule) {
    const link = element("a", rule, "id");
    link.href = data.rules[rule][1];
    return link;
  }

  // "dataset 1 and dataset 3", by the places in the form.
  function places(mask, selection, what) {
    const found = selection.filter((_, at) => (mask >> at) & 1).map((each) => each.at + 1).sort();
    return listed(found.map((each) => what + each), "and");
  }

  function readingLink(reading) {
    const link = element("a", reading, "id");
    link.href = "readings.html#" + reading;
    return link;
  }

  function conditions(when) {
    const line = element("p", "If ", "when");
    Object.entries(when).forEach(([reading, values], at) => {
      line.append(at ? ", " : "", readingLink(reading), " is " + listed(values, "or"));
    });
    line.append(":");
    return line;
  }

  // The readings that some alternative names, with the meaning of each value.
  function meanings(alternatives) {
    const named = new Set(alternatives.flatMap(([when]) => Object.keys(when)));
    const parts = [];
    for (const reading of named) {
      const title = element("dt");
      title.append(readingLink(reading));
      const text = element("dd", data.readings[reading].question);
      const list = element("ul");
      for (const [value, meaning] of Object.entries(data.readings[reading].values)) {
        const line = element("li");
        line.append(element("code", value), " " + meaning);
        list.append(line);
      }
      text.append(list);
      parts.push(title, text);
    }
    document.getElementById("meanings").replaceChildren(...parts);
    document.getElementById("readings").hidden = !parts.length;
  }

  function effects(outcome, selection) {
    const list = element("ul");
    const add = (words) => list.append(element("li", words));
    if (!("shared" in outcome)) {
      add("Nothing changes.");
      return list;
    }
    add(outcome.shared ? "The collection is shared with your organization." : "The collection is private.");
    if (selection.length) add("Attached: " + places(7, selection, "dataset ") + ".");
    if (outcome.promoted) add("Promoted, that is, shared with your organization: " + places(outcome.promoted, selection, "dataset ") + ".");
    if (run.value !== "none" && selection.length) {
      add(outcome.moved ? "Moved to the collection: " + places(outcome.moved, selection, "the run on dataset ") + "." : "No run moves.");
      if (outcome.promotedRuns) add("Promoted: " + places(outcome.promotedRuns, selection, "the run on dataset ") + ".");
    }
    return list;
  }

  function show() {
    const selection = picked();
    const rules = new Set();
    const alternatives = answer(selection);
    const shown = alternatives.map(([when, number]) => {
      const outcome = data.outcomes[number];
      outcome.because.forEach((each) => rules.add(each));
      const article = element("article", "", "shared" in outcome ? "accepted" : "refused");
      const head = element("h3", listed(outcome.statuses, "or") + " ");
      outcome.because.forEach((each) => head.append(ruleLink(each), " "));
      article.append(head);
      if (Object.keys(when).length) article.append(conditions(when));
      article.append(effects(outcome, selection));
      return article;
    });
    outcomes.replaceChildren(...shown);
    meanings(alternatives);
    const kinds = new Set(alternatives.map(([, number]) => listed(data.outcomes[number].statuses, "or")));
    document.getElementById("summary").textContent =
      alternatives.length > 1 ? alternatives.length + " outcomes, by the reading: " + [...kinds].join("; ") + "." : [...kinds][0] + ".";
    why.replaceChildren(...[...rules].map((rule) => {
      const line = element("li");
      line.append(ruleLink(rule), " " + data.rules[rule][0].replaceAll("`", ""));
      return line;
    }));
  }

  const state = () => "#/" + [caller().id, ...selects.map((each) => each.value)].join("/");

  function restore() {
    if (!location.hash.startsWith("#/")) return;
    const [who, ...values] = location.hash.slice(2).split("/");
    if (!data.callers.some((each) => each.id === who)) return;
    form.elements.caller.value = who;
    fill();
    selects.forEach((select, at) => {
      if ([...select.options].some((each) => each.value === values[at])) select.value = values[at];
    });
  }

  fill();
  restore();
  show();
  for (const part of [form, document.getElementById("answer"), document.getElementById("link")]) part.hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target.name === "caller") fill();
    show();
    history.replaceState(null, "", state());
  });
  addEventListener("hashchange", () => { restore(); show(); });
})();

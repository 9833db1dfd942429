"use strict";

// The page is complete without this script. It filters, keeps the filter in the address, folds, and copies.
(() => {
  const form = document.getElementById("filters");
  const state = document.getElementById("state");
  const empty = document.getElementById("empty");

  const entries = Array.from(document.querySelectorAll(".entry"), (element) => {
    const groups = [];
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (at.classList.contains("group")) groups.push(at);
    }
    const inherited = (name) => element.closest(`[data-${name}]`)?.dataset[name] ?? "";
    return {
      element,
      groups,
      kind: inherited("kind") || "finding",
      phase: inherited("phase"),
      family: inherited("family"),
      severity: element.dataset.severity,
      // Undefined when the subjects are in several namespaces.
      namespace: element.dataset.namespace,
      text: undefined,
    };
  });

  const groups = new Map();
  for (const element of document.querySelectorAll(".group")) {
    const label = element.querySelector(".count[data-total]");
    groups.set(element, { label, total: Number(label?.dataset.total), noun: label?.dataset.noun, listed: 0, visible: 0 });
  }
  for (const entry of entries) {
    for (const group of entry.groups) groups.get(group).listed += 1;
  }

  const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  const counted = (number, noun) => `${thousands(number)} ${noun}${number === 1 ? "" : "s"}`;

  // What a search looks through: the entry, and the names of the control above it.
  function textOf(entry) {
    if (entry.text === undefined) {
      const heading = entry.element.closest(".control")?.querySelector("summary");
      const tags = entry.element.closest(".control")?.querySelector(".tags");
      const parts = [heading, tags, ...entry.element.querySelectorAll("p")];
      entry.text = parts.map((part) => part?.textContent ?? "").join("\n").toLowerCase();
    }
    return entry.text;
  }

  function readForm() {
    const data = new FormData(form);
    const boxes = (name) => Array.from(form.querySelectorAll(`[name="${name}"]`), (box) => box.value);
    return {
      words: data.get("q").trim().toLowerCase().split(/\s+/).filter(Boolean),
      severities: new Set(data.getAll("severity")),
      allSeverities: boxes("severity"),
      phase: data.get("phase"),
      family: data.get("family"),
      namespace: data.get("namespace"),
      shown: new Set(data.getAll("show")),
      allShown: boxes("show"),
    };
  }

  function matches(entry, filter) {
    return (
      (entry.kind === "finding" || filter.shown.has(entry.kind)) &&
      filter.severities.has(entry.severity) &&
      (!filter.phase || entry.phase === filter.phase) &&
      (!filter.family || entry.family === filter.family) &&
      (!filter.namespace || entry.namespace === undefined || entry.namespace === filter.namespace) &&
      filter.words.every((word) => textOf(entry).includes(word))
    );
  }

  function parametersOf(filter) {
    const parameters = new URLSearchParams();
    const q = form.elements.q.value.trim();
    if (q) parameters.set("q", q);
    if (filter.severities.size < filter.allSeverities.length) {
      parameters.set("severity", Array.from(filter.severities).join(","));
    }
    for (const name of ["phase", "family", "namespace"]) {
      if (filter[name]) parameters.set(name, filter[name]);
    }
    for (const name of filter.allShown) {
      if (!filter.shown.has(name)) parameters.set(name, "hidden");
    }
    return parameters;
  }

  function shown({ visible, listed, total, noun }, filtered) {
    if (!filtered || (visible === listed && listed === total)) return counted(total, noun);
    if (listed < total) return `${thousands(visible)} of ${thousands(listed)} listed (${counted(total, noun)})`;
    return `${thousands(visible)} of ${counted(total, noun)}`;
  }

  function apply() {
    const filter = readForm();
    const parameters = parametersOf(filter);
    const filtered = parameters.size > 0;
    for (const group of groups.values()) group.visible = 0;
    const findings = { visible: 0, listed: 0, total: Number(state.dataset.total), noun: "finding" };
    for (const entry of entries) {
      const match = matches(entry, filter);
      entry.element.hidden = !match;
      if (entry.kind === "finding") {
        findings.listed += 1;
        findings.visible += match ? 1 : 0;
      }
      if (match) {
        for (const group of entry.groups) groups.get(group).visible += 1;
      }
    }
    let nothing = true;
    for (const [element, group] of groups) {
      const hide = filtered && group.visible === 0;
      element.hidden = hide;
      nothing &&= hide;
      if (group.label) group.label.textContent = shown(group, filtered);
    }
    document.body.classList.toggle("filtered", filtered);
    empty.hidden = !(filtered && nothing);
    state.textContent = shown(findings, filtered);
    return { parameters, filtered };
  }

  function fold(open) {
    for (const details of document.querySelectorAll("#roadmap details.group")) details.open = open;
  }

  // The first change, and in every change the first control, are shown; the others are one line each.
  function foldToStart() {
    document.querySelectorAll("details.change").forEach((change, index) => {
      change.open = index === 0;
      change.querySelectorAll("details.control").forEach((control, nth) => (control.open = nth === 0));
    });
    for (const details of document.querySelectorAll("details.needs")) details.open = false;
  }

  function changed() {
    const { parameters, filtered } = apply();
    history.replaceState(null, "", filtered ? `#${parameters}` : location.pathname + location.search);
    filtered ? fold(true) : foldToStart();
  }

  function setForm(parameters) {
    form.elements.q.value = parameters.get("q") ?? "";
    const severities = parameters.get("severity")?.split(",");
    for (const box of form.querySelectorAll('[name="severity"]')) {
      box.checked = severities === undefined || severities.includes(box.value);
    }
    for (const name of ["phase", "family", "namespace"]) {
      const wanted = parameters.get(name) ?? "";
      const select = form.elements[name];
      select.value = Array.from(select.options).some((option) => option.value === wanted) ? wanted : "";
    }
    for (const box of form.querySelectorAll('[name="show"]')) {
      box.checked = parameters.get(box.value) !== "hidden";
    }
  }

  function reveal(id) {
    const target = document.getElementById(id);
    if (!target) return;
    if (form && target.closest("[hidden]")) {
      setForm(new URLSearchParams());
      apply();
    }
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
    target.scrollIntoView();
  }

  // A hash is a filter when it has a value in it, else the name of a place.
  function followHash() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=")) {
      if (hash) reveal(decodeURIComponent(hash));
      return;
    }
    if (!form) return;
    setForm(new URLSearchParams(hash));
    fold(apply().filtered);
    document.getElementById("roadmap").scrollIntoView();
  }

  async function copy(text, pre) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // No permission, or no secure page: leave it selected, which is half the work.
      getSelection().selectAllChildren(pre);
      return false;
    }
  }

  for (const pre of document.querySelectorAll(".example pre, .page pre")) {
    const box = document.createElement("div");
    box.className = "copyable";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      button.textContent = (await copy(pre.textContent, pre)) ? "Copied" : "Selected";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    pre.replaceWith(box);
    box.append(pre, button);
  }

  // Paper cannot be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = Array.from(document.querySelectorAll("details.group:not([open])"));
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });

  foldToStart();
  if (form) {
    form.hidden = false;
    let pending;
    form.addEventListener("input", (event) => {
      clearTimeout(pending);
      pending = setTimeout(changed, event.target.type === "search" ? 150 : 0);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(changed));
    for (const button of form.querySelectorAll("button[data-open]")) {
      button.addEventListener("click", () => fold(button.dataset.open === "true"));
    }
  }
  addEventListener("hashchange", followHash);
  followHash();
})();

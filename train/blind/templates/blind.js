"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, fields, columns } = data;
  const byId = id => document.getElementById(id);
  const form = byId("sheet");
  const sections = [...form.querySelectorAll("section")];
  const names = sections.map(section => section.dataset.item);
  const key = `newsmill blind ${data.id}`;
  const IDLE = 120, TICK = 1000;
  let seconds = {}, current = 0, one = true, kept = true, dirty = false, active = performance.now();

  const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  // Looked for once: a sheet may have thousands of rows.
  const groups = new Map();
  for (const radio of form.querySelectorAll("input[type=radio]")) {
    if (!groups.has(radio.name)) groups.set(radio.name, []);
    groups.get(radio.name).push(radio);
  }
  const remarks = new Map([...form.querySelectorAll("textarea")].map(area => [area.name, area]));
  const radios = (item, field) => groups.get(`${item} ${field}`) || [];
  const value = (item, field) => field === "remark" ? remarks.get(`${item} remark`).value
    : (radios(item, field).find(radio => radio.checked) || {}).value || "";
  const missing = item => fields.filter(field => !value(item, field));
  const status = (text, bad = false) => { const line = byId("status"); line.textContent = text; line.classList.toggle("bad", bad); };

  const setValue = (item, field, text) => {
    if (field === "remark") remarks.get(`${item} remark`).value = text;
    else for (const radio of radios(item, field)) radio.checked = radio.value === text;
  };

  // What is filled in, by item, and which items are complete: brought up to date one item at a time.
  const marks = {}, complete = new Set();
  const note = item => {
    const row = Object.fromEntries([...fields, "remark"].map(field => [field, value(item, field)]).filter(([, text]) => text));
    if (Object.keys(row).length) marks[item] = row; else delete marks[item];
    if (fields.every(field => row[field])) complete.add(item); else complete.delete(item);
  };

  const keep = () => {
    if (!kept) return;
    try { localStorage.setItem(key, JSON.stringify({ marks, seconds, at: names[current], one, dirty })); }
    catch { kept = false; tellStorage(); }
  };

  // What another tab, or this one before it was closed, has left.
  const load = () => {
    let state = null;
    try {
      localStorage.setItem(`${key} test`, "1");
      localStorage.removeItem(`${key} test`);
      state = JSON.parse(localStorage.getItem(key) || "null");
    } catch { kept = false; }
    if (!state || typeof state !== "object") return;
    const stored = state.marks || {};
    for (const item of new Set([...Object.keys(marks), ...Object.keys(stored)])) {
      if (!remarks.has(`${item} remark`)) continue;
      for (const field of [...fields, "remark"]) setValue(item, field, (stored[item] || {})[field] || "");
      note(item);
    }
    seconds = state.seconds || {};
    dirty = Boolean(state.dirty);
    one = state.one !== false;
    current = Math.max(0, names.indexOf(state.at));
  };

  const tellStorage = () => { byId("storage").textContent = kept ? words.kept : words.refused; };

  const progress = () => {
    const done = complete.size;
    byId("bar").value = done;
    byId("count").textContent = say(words.progress, { done, all: names.length });
    byId("open").disabled = done === names.length;
  };

  const show = (at, focus = false) => {
    current = Math.min(Math.max(at, 0), names.length - 1);
    document.body.classList.toggle("one", one);
    document.querySelectorAll("section.current").forEach(section => section.classList.remove("current"));
    sections[current].classList.add("current");
    byId("previous").disabled = current === 0;
    byId("next").disabled = current === names.length - 1;
    byId("mode").textContent = one ? words.all : words.one;
    byId("mode").setAttribute("aria-pressed", String(!one));
    if (focus) {
      sections[current].focus({ preventScroll: true });
      if (one) window.scrollTo(0, Math.min(window.scrollY, form.offsetTop - 80)); else sections[current].scrollIntoView();
    }
    keep();
  };

  // The text that is being read: alone on the page, or the one that has the focus or stands at the top.
  const reading = () => {
    if (one) return current;
    const focused = document.activeElement && document.activeElement.closest("section");
    if (focused) return sections.indexOf(focused);
    const top = sections.findIndex(section => section.getBoundingClientRect().bottom > 120);
    return top < 0 ? current : top;
  };

  setInterval(() => {
    if (document.visibilityState !== "visible" || performance.now() - active > IDLE * 1000) return;
    const item = names[reading()];
    seconds[item] = (seconds[item] || 0) + TICK / 1000;
    if (Math.round(seconds[item]) % 5 === 0) keep();
  }, TICK);
  for (const event of ["keydown", "pointermove", "pointerdown", "scroll", "wheel", "touchstart"])
    addEventListener(event, () => { active = performance.now(); }, { passive: true });

  form.addEventListener("input", event => {
    if (event.target.type === "file") return;
    const section = event.target.closest("section");
    if (section) { current = sections.indexOf(section); note(names[current]); }
    dirty = true;
    status("");
    progress();
    keep();
  });

  const choose = (item, field, text) => {
    const radio = radios(item, field).find(each => each.value === text);
    if (!radio) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("input", { bubbles: true }));
    const next = missing(item)[0];
    if (next) radios(item, next)[0].focus();
    else if (current < names.length - 1) byId("next").focus();
    else form.querySelector("[type=submit]").focus();
  };

  const answer = pressed => {
    const item = names[reading()];
    const focused = document.activeElement && document.activeElement.closest("fieldset");
    const inside = focused && focused.closest("section").dataset.item === item ? focused.dataset.field : "";
    const letters = data.kind === "pairs" ? { a: "a", b: "b", t: "tie" } : fields.includes("guess") ? { p: "human", m: "machine" } : {};
    if (letters[pressed]) { choose(item, data.kind === "pairs" ? "choice" : "guess", letters[pressed]); return true; }
    if (!/^[1-5]$/.test(pressed) || data.kind === "pairs") return false;
    const scales = fields.filter(field => field !== "guess");
    const field = scales.includes(inside) ? inside : scales.find(each => !value(item, each));
    if (!field) return false;
    choose(item, field, pressed);
    return true;
  };

  document.addEventListener("keydown", event => {
    const target = event.target;
    if (!byId("keys").checked || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (target.matches("textarea, input[type=file], input[type=checkbox]")) return;
    if (answer(event.key.toLowerCase())) { event.preventDefault(); return; }
    if (event.key === "Enter" && !target.matches("button, summary")) { event.preventDefault(); show(reading() + 1, true); }
    if (event.key === "Backspace") { event.preventDefault(); show(reading() - 1, true); }
  });

  byId("previous").addEventListener("click", () => show(reading() - 1, true));
  byId("next").addEventListener("click", () => show(reading() + 1, true));
  byId("open").addEventListener("click", () => {
    const at = names.findIndex(item => !complete.has(item));
    if (at >= 0) show(at, true);
  });
  byId("mode").addEventListener("click", () => { const at = reading(); one = !one; show(at); sections[at].scrollIntoView(); });

  // A space before what a spreadsheet would compute, as in the sheets themselves.
  const formula = /^[=+\-@＝＋－＠|%]/;
  const ends = /([;,\t\r\n|:\v\f\x1c-\x1e\x85\u2028\u2029"'`«»“”„]\s*)(?=[=+\-@＝＋－＠|%])/g;
  const cell = text => {
    const plain = text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "").replace(ends, "$1 ");
    return `"${(formula.test(plain.replace(/^\ufeff+/, "")) ? " " : "") + plain.replaceAll('"', '""')}"`;
  };
  const textOf = element => element ? [...element.querySelectorAll("p:not(.empty)")].map(part => part.textContent).join("\n\n") : "";

  const row = (section, item) => {
    const texts = [...section.querySelectorAll(".text")].map(textOf);
    const time = Math.round(seconds[item] || 0);
    return {
      rater: String(data.rater), item, request: textOf(section.querySelector(".asked")),
      text: texts[0], text_a: texts[0], text_b: texts[1] || "", seconds: time ? String(time) : "",
      ...Object.fromEntries(["style", "content", "guess", "confidence", "choice"].map(field => [field, fields.includes(field) ? value(item, field) : ""])),
      remark: value(item, "remark"),
    };
  };

  form.addEventListener("submit", event => {
    event.preventDefault();
    const rows = sections.map((section, at) => columns.map(column => cell(row(section, names[at])[column])).join(","));
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob(["\ufeff" + [columns.join(","), ...rows].join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.href = address;
    link.download = data.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    const left = names.length - complete.size;
    dirty = false;
    keep();
    status(say(words.saved, { file: data.file }) + (left ? ` ${say(words.left, { left })}` : ""), left > 0);
  });

  const parseCsv = text => {
    const head = text.split("\n", 1)[0];
    const separator = [",", ";", "\t"].reduce((best, each) => head.split(each).length > head.split(best).length ? each : best);
    const rows = [[]];
    let part = "", quoted = false;
    for (let at = 0; at < text.length; at++) {
      const sign = text[at], line = rows[rows.length - 1];
      if (quoted) {
        if (sign === '"' && text[at + 1] === '"') { part += '"'; at++; }
        else if (sign === '"') quoted = false;
        else part += sign;
      } else if (sign === '"' && !part) quoted = true;
      else if (sign === separator) { line.push(part); part = ""; }
      else if (sign === "\n") { line.push(part.replace(/\r$/, "")); part = ""; rows.push([]); }
      else part += sign;
    }
    rows[rows.length - 1].push(part);
    const [header, ...rest] = rows;
    return rest.map(cells => Object.fromEntries(header.map((name, place) => [name.trim(), cells[place] || ""])));
  };

  const rowsOf = text => {
    const plain = text.replace(/^\ufeff/, "");
    if (!plain.trimStart().startsWith("{")) return parseCsv(plain);
    return plain.split("\n").filter(line => line.trim()).map(line => JSON.parse(line));
  };

  byId("restore").addEventListener("change", async event => {
    const file = event.target.files[0];
    if (!file) return;
    let rows = [];
    try { rows = rowsOf(await file.text()); } catch { rows = []; }
    const mine = rows.filter(each => names.includes(each.item) && String(each.rater ?? data.rater) === String(data.rater));
    event.target.value = "";
    if (!mine.length || mine.length < rows.filter(each => each.item).length) { status(words.foreign, true); return; }
    for (const each of mine) {
      for (const field of [...fields, "remark"]) if (each[field] != null && String(each[field]) !== "") setValue(each.item, field, String(each[field]).replace(/\.0$/, ""));
      note(each.item);
      if (Number(each.seconds) > 0) seconds[each.item] = Math.max(Number(each.seconds), seconds[each.item] || 0);
    }
    dirty = true;
    progress();
    show(current);
    status(say(words.restored, { done: mine.filter(each => fields.some(field => String(each[field] ?? ""))).length }));
  });

  addEventListener("pagehide", keep);
  addEventListener("storage", event => { if (event.key === key) { load(); progress(); show(current); } });
  addEventListener("beforeunload", event => { if (dirty && !kept) event.preventDefault(); });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(each => { each.open = true; }));

  load();
  document.querySelectorAll("[data-script]").forEach(each => { each.hidden = false; });
  if (Object.keys(marks).length) document.querySelector(".help").open = false;
  tellStorage();
  progress();
  show(current);
})();

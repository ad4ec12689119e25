// What is typed and not sent lasts in this window, also where the page is loaded anew or the server ended.
"use strict";
(() => {
  const form = document.getElementById("row");
  const name = `newsmill-draft ${form.dataset.rater} ${form.elements.item.value}`;
  const boxes = [...form.querySelectorAll("textarea, select")];
  const initial = (box) => box.matches("select") ? "" : box.defaultValue;
  const shown = JSON.stringify(boxes.map(initial));

  // Storage may be refused by the browser: then nothing is stored.
  const stored = (use) => { try { return use(sessionStorage); } catch { return null; } };
  const save = () => stored((storage) => storage.setItem(name, JSON.stringify([shown, boxes.map((box) => box.value)])));

  // Of rows that are done nothing stays.
  stored((storage) => Object.keys(storage).filter((key) => key.startsWith("newsmill-draft ") && key !== name)
    .forEach((key) => storage.removeItem(key)));
  const [before, values] = JSON.parse(stored((storage) => storage.getItem(name)) || "[null, []]");
  if (before === shown && boxes.some((box, number) => box.value !== values[number])) {
    boxes.forEach((box, number) => { box.value = values[number]; });
    document.getElementById("draft").hidden = false;
  } else if (before !== shown) {
    stored((storage) => storage.removeItem(name));
  }
  form.addEventListener("input", save);
})();

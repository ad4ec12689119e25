// Keys for what a page has buttons, links and fields for. Every page works without this file.
"use strict";
(() => {
  const STORED = "newsmill-keys";
  const dialog = document.getElementById("keys");
  const list = dialog.querySelector("dl");
  const FIELDS = "input:not([type=radio], [type=checkbox], [type=submit], [type=button]), textarea, select, [contenteditable]";

  // Storage may be refused by the browser; keys are then on.
  const areOn = () => { try { return localStorage.getItem(STORED) !== "off"; } catch { return true; } };
  const keep = (on) => { try { localStorage.setItem(STORED, on ? "on" : "off"); } catch { /* not kept */ } };

  const isVisible = (element) => element.getClientRects().length > 0 && !element.disabled;
  const withKey = (key) => [...document.querySelectorAll("[data-key]")]
    .find((element) => element.dataset.key.toLowerCase() === key && isVisible(element));

  function nameOf(event) {
    const key = event.key === " " ? "space" : event.key.toLowerCase();
    const ctrl = event.ctrlKey || event.metaKey;
    return `${ctrl ? "ctrl+" : ""}${event.altKey ? "alt+" : ""}${event.shiftKey && key.length > 1 ? "shift+" : ""}${key}`;
  }

  function use(element) {
    if (element.matches(FIELDS)) { element.focus(); } else { element.focus({ preventScroll: true }); element.click(); }
  }

  function step(way) {
    const rows = [...document.querySelectorAll("[data-row]")].filter(isVisible);
    if (!rows.length) { return false; }
    const present = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
    const row = rows[Math.min(rows.length - 1, Math.max(0, present < 0 ? (way > 0 ? 0 : rows.length - 1) : present + way))];
    if (!row.matches("a, button, input, [tabindex]")) { row.tabIndex = -1; }
    row.focus();
    row.scrollIntoView({ block: "nearest" });
    return true;
  }

  function labelOf(element) {
    const given = element.dataset.keyLabel || element.getAttribute("aria-label");
    if (given) { return given; }
    const copy = (element.labels?.[0] || element).cloneNode(true);
    copy.querySelectorAll("kbd, textarea, select").forEach((part) => part.remove());
    return copy.textContent.trim().replace(/\s+/g, " ");
  }

  function describe() {
    const rows = [...document.querySelectorAll("[data-key]")].filter(isVisible).map((element) => [element.dataset.key, labelOf(element)]);
    if (document.querySelector("[data-row]")) { rows.push(["j", list.dataset.next], ["k", list.dataset.previous]); }
    rows.push(["?", list.dataset.help]);
    list.replaceChildren(...rows.flatMap(([key, text]) => {
      const row = document.createElement("div"), name = document.createElement("dt"), what = document.createElement("dd");
      const cap = document.createElement("kbd");
      cap.textContent = key;
      name.append(cap);
      what.textContent = text;
      row.append(name, what);
      return [row];
    }));
  }

  function help() {
    describe();
    document.getElementById("keys-on").checked = areOn();
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat && !/^[jk]$/.test(event.key) || dialog.open) { return; }
    const name = nameOf(event), isTyping = event.target.matches(FIELDS), hasModifier = /ctrl|alt/.test(name);
    if (isTyping && event.key === "Escape") { event.target.blur(); return; }
    if (!hasModifier && (isTyping || !areOn())) { return; }
    const element = withKey(name);
    if (element) { event.preventDefault(); use(element); }
    else if (name === "?") { event.preventDefault(); help(); }
    else if ((name === "j" || name === "k") && step(name === "j" ? 1 : -1)) { event.preventDefault(); }
    else if (name === "enter" && event.target.matches("[data-row]:not(a, button)")) { event.target.querySelector("a[href]")?.click(); }
  });

  document.getElementById("keys-on").addEventListener("change", (event) => keep(event.target.checked));
  document.getElementById("keys-open").addEventListener("click", help);
  document.querySelector(".keys-hint").hidden = false;
  for (const element of document.querySelectorAll("[data-key]")) {
    element.setAttribute("aria-keyshortcuts", element.dataset.key.replace(/ctrl/i, "Control").replace(/enter/i, "Enter"));
  }
})();

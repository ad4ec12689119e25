// Brings the parts of a page that goes on up to date. Without this file the page is loaded anew every few seconds.
"use strict";
(() => {
  const EVERY = 2000, FAILED = 10000;
  const live = () => document.getElementById("live");

  async function look() {
    const address = live()?.dataset.live;
    if (!address) { return; }
    let wait = EVERY;
    try {
      const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (response.ok) { take(new DOMParser().parseFromString(await response.text(), "text/html")); } else { wait = FAILED; }
    } catch { wait = FAILED; }
    setTimeout(look, wait);
  }

  function take(page) {
    const present = live(), next = page.getElementById("live");
    if (!next) { return; }
    // Other buttons belong to another outcome.
    if (next.dataset.outcome !== present.dataset.outcome) { location.replace(present.dataset.live); return; }
    for (const part of present.querySelectorAll("[data-part]")) {
      const other = next.querySelector(`[data-part="${part.dataset.part}"]`);
      if (other && other.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) { part.replaceChildren(...other.childNodes); }
    }
    if (next.dataset.live) { present.dataset.live = next.dataset.live; } else { delete present.dataset.live; }
  }

  setTimeout(look, EVERY);
})();

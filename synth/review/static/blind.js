// A mark is sent as soon as it is made; digits mark the scale that is next. The page works without this file.
"use strict";
(() => {
  const form = document.getElementById("row");
  if (!form) { return; }
  const fieldsets = [...form.querySelectorAll("fieldset")];
  const IDLE = 120_000;
  let seconds = 0, active = performance.now(), queue = Promise.resolve();

  const isOpen = (fieldset) => !fieldset.querySelector("input:checked");
  const inputs = (fieldset) => [...fieldset.querySelectorAll("input")];

  // The digits belong to the scale that has the focus, else to the first without a mark.
  function giveKeys() {
    const scales = fieldsets.filter((fieldset) => inputs(fieldset).length === 5);
    const present = scales.find((fieldset) => fieldset.contains(document.activeElement)) || scales.find(isOpen);
    for (const fieldset of scales) {
      for (const input of inputs(fieldset)) {
        if (fieldset === present) { input.dataset.key = input.value; } else { delete input.dataset.key; }
      }
    }
  }

  function send() {
    form.elements.seconds.value = String(Math.round(seconds));
    const body = new URLSearchParams(new FormData(form));
    body.set("go", "stay");
    const status = document.getElementById("saved");
    // One after the other: the last mark must be the last that arrives.
    queue = queue.then(() => fetch(form.action, { method: "POST", body, credentials: "same-origin" }))
      .then((response) => { if (!response.ok) { throw new Error(String(response.status)); } status.textContent = form.dataset.saved; })
      .catch(() => { status.textContent = form.dataset.failed; });
    return queue;
  }

  form.addEventListener("change", (event) => {
    if (event.target.matches("input[type=radio]")) {
      const next = fieldsets.find(isOpen);
      if (next) { inputs(next)[0].focus({ preventScroll: true }); } else { form.querySelector("[name=go]").focus({ preventScroll: true }); }
    }
    giveKeys();
    send();
  });
  form.addEventListener("focusin", giveKeys);
  form.addEventListener("submit", () => { form.elements.seconds.value = String(Math.round(seconds)); });
  setInterval(() => {
    if (document.visibilityState === "visible" && performance.now() - active < IDLE) { seconds += 1; }
  }, 1000);
  for (const name of ["keydown", "pointermove", "pointerdown", "scroll", "touchstart"]) {
    addEventListener(name, () => { active = performance.now(); }, { passive: true });
  }
  giveKeys();
})();

// Saves what somebody types in a task as a draft, a few seconds after they stop. The button "save draft" does the same
// without JavaScript. The form element carries the address and every text:
//   <form data-autosave="/…/draft" data-saved="Draft saved {time}" data-failed="…" data-signed-out="…">
// and somewhere in it <p data-autosave-status></p>.

const PAUSE = 3000; // ms without typing before a save
const LONGEST = 20000; // ms that somebody who never pauses may go unsaved

for (const form of document.querySelectorAll("form[data-autosave]")) watch(form);

/** @param {HTMLFormElement} form */
function watch(form) {
  const status = form.querySelector("[data-autosave-status]");
  let timer = null;
  let waitingSince = null;
  let lastSaved = fingerprint(form);
  let sending = false;
  let leaving = false;

  form.addEventListener("input", plan);
  form.addEventListener("change", plan);
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  // A telephone may put the page away for good at any moment; keepalive lets the last save leave with it.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && !leaving) save(true);
  });

  function plan() {
    waitingSince ??= Date.now();
    clearTimeout(timer);
    const left = LONGEST - (Date.now() - waitingSince);
    const pause = status?.dataset.state === "failed" ? LONGEST : Math.max(0, Math.min(PAUSE, left));
    timer = setTimeout(save, pause);
  }

  async function save(keepalive = false) {
    const now = fingerprint(form);
    if (sending || leaving || now === lastSaved) return;
    sending = true;
    waitingSince = null;
    try {
      const response = await fetch(form.dataset.autosave, {
        method: "POST",
        body: new URLSearchParams(now),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "manual",
        keepalive,
      });
      if (leaving) return;
      if (response.ok) {
        lastSaved = now;
        say(form.dataset.saved.replace("{time}", clock()), "saved");
      } else {
        const signedOut = response.type === "opaqueredirect" || response.status === 401;
        say(signedOut ? form.dataset.signedOut : form.dataset.failed, "failed");
      }
    } catch {
      say(form.dataset.failed, "failed");
    } finally {
      sending = false;
      if (!leaving && fingerprint(form) !== lastSaved) plan();
    }
  }

  function say(text, state) {
    if (!status || !text) return;
    // Only trouble is read out: a voice that says "saved" every few seconds drowns the form.
    if (state === "failed") status.setAttribute("role", "alert");
    else status.removeAttribute("role");
    status.dataset.state = state;
    status.textContent = text;
  }
}

/** What is typed, as it would be posted; chosen files are sent only with the form itself. */
function fingerprint(form) {
  const pairs = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  return new URLSearchParams(pairs).toString();
}

function clock() {
  return new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date());
}

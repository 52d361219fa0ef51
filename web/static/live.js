// Shows and hides questions as soon as the answers that decide it change. The server knows the rules: the form is sent
// to it as by the button "show the questions again", and what comes back takes the place of the questions. Without
// JavaScript the same happens when the form is sent.
//   <form data-live data-live-text="The questions below have changed.">

const PAUSE = 250; // ms, so that a run through radio buttons with the arrow keys asks once
const CHOICES = "input[type=radio], input[type=checkbox], select, input[type=date]";

for (const form of document.querySelectorAll("form[data-live]")) watch(form);

/** @param {HTMLFormElement} form */
function watch(form) {
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  form.append(status);
  let timer = null;

  form.addEventListener("change", (event) => {
    if (!event.target.matches(CHOICES)) return;
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });

  async function look() {
    const sent = typed(form);
    const fresh = await ask(form, sent).catch(() => null);
    if (!fresh) return;
    // Somebody typed on while the server answered: its page is old already.
    if (typed(form).toString() !== sent.toString()) return look();
    retell(form, fresh);
    if (seen(fresh) === seen(form)) return;
    swap(form, fresh);
    status.textContent = form.dataset.liveText ?? "";
  }
}

/** @returns {Promise<HTMLFormElement | null>} the form as the server shows it for these answers */
async function ask(form, sent) {
  const body = new URLSearchParams(sent);
  body.set("_do", "look");
  const response = await fetch(form.getAttribute("action") ?? location.href, { method: "POST", body, credentials: "same-origin", redirect: "error" });
  if (!response.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector("form[data-live]");
}

/** What else on the page follows from the answers, such as what the chosen unit promises. */
function retell(form, fresh) {
  for (const part of form.querySelectorAll("[data-live-part]")) {
    const now = fresh.querySelector(`[data-live-part="${CSS.escape(part.dataset.livePart)}"]`);
    if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...document.importNode(now, true).childNodes);
  }
}

function typed(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
}

function seen(form) {
  return form.querySelector("input[name=_seen]")?.value;
}

/** Puts the fresh questions in place; the focus and chosen files stay where they are. */
function swap(form, fresh) {
  const focused = document.activeElement?.id;
  const questions = document.importNode(fresh.querySelector(".form-parts"), true);
  for (const chosen of form.querySelectorAll("input[type=file]")) {
    if (chosen.files.length) questions.querySelector(`#${CSS.escape(chosen.id)}`)?.replaceWith(chosen);
  }
  form.querySelector(".form-parts").replaceWith(questions);
  form.querySelector("input[name=_seen]").value = seen(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

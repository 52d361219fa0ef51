// What the page tells of saving: a quiet word in the bar, and an alert with a choice where somebody must choose.

const QUIET = { typed: "Not yet saved", saving: "Saving …", saved: "Saved" };

export class States {
  constructor(page) {
    this.page = page;
    this.translate = page.translate;
  }

  /** @param {string} state @param {import("./draft.js").Refusal} about */
  show(state, about = {}) {
    const { status } = this.page.parts;
    status.dataset.state = state;
    if (QUIET[state]) status.textContent = this.translate(QUIET[state]);
    if (state === "saved" && this.alarmed) this.say("");
    if (state === "offline") this.alarm("No contact with the server. It is kept in this browser, and sent when the contact is back.");
    if (state === "conflict") this.conflict(about);
    if (state === "refused") {
      this.alarm(this.translate("The server did not take it: {why}. Your change is kept in this browser.", { why: about?.error ?? "" }));
    }
  }

  conflict({ saved_by: who, saved_at: when, locked_by: holder }) {
    if (holder) {
      const words = "{who} is changing this draft. Your change is kept in this browser and nothing is lost.";
      return this.alarm(this.translate(words, { who: holder }), {
        "Take over": async () => {
          await this.page.draft.post("take-over");
          await this.page.draft.overwrite();
        },
        "Show theirs": () => this.page.reload(),
      });
    }
    const values = { who: who || this.translate("Somebody else"), when: when ? moment(when, this.page.language) : "" };
    const words = "{who} saved this draft meanwhile ({when}). Your change is kept in this browser and nothing is lost.";
    this.alarm(this.translate(words, values), {
      "Save mine over it": () => this.page.draft.overwrite(),
      "Show theirs": () => this.page.reload(),
    });
  }

  /** What an earlier visit left unsaved. */
  offer(left) {
    this.alarm(this.translate("This browser holds changes that were never saved."), {
      "Take them up": async () => {
        this.page.draft.takeUp(left);
        await this.page.open(this.page.path);
      },
      "Throw them away": () => (this.page.draft.forget(), this.say("")),
    });
  }

  alarm(words, choices = {}) {
    this.say(words, choices);
    this.alarmed = true;
  }

  say(words, choices = {}) {
    this.alarmed = false;
    const { alert } = this.page.parts;
    const line = document.createElement("p");
    line.textContent = words ? this.translate(words) : "";
    const buttons = Object.entries(choices).map(([label, action]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button quiet small";
      button.textContent = this.translate(label);
      button.addEventListener("click", () => (this.say(""), action()));
      return button;
    });
    alert.replaceChildren(...(words ? [line, ...buttons] : []));
    alert.hidden = !words;
  }
}

function moment(text, language) {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time.toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
}

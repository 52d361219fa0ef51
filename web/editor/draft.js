// The draft a page edits: what the server holds, what is typed and not yet sent, and how the two come together.
//   typed ──(a pause)──▶ sent ──▶ saved
//                          └──409──▶ somebody else saved first: nothing more is sent until the person has chosen
// What is not yet saved also lies in this browser, so that a crash or a lost network costs nothing.

const PAUSE = 800; // ms without a change before a save
const RETRY = 5000; // ms before another try when the network failed

/** @typedef {{ error?: string, saved_by?: string, saved_at?: string }} Refusal */

export class Draft {
  /** @param {{ base: string, token: string, onState: (state: string, about?: object) => void }} settings */
  constructor({ base, token, onState }) {
    this.base = base;
    this.token = token;
    this.onState = onState;
    /** @type {Record<string, string>} path → text as this page shows it */
    this.files = {};
    /** @type {Record<string, string | null>} changed here and not yet saved */
    this.unsaved = {};
    this.revision = 0;
    this.may = {};
    this.stopped = false;
    this.sending = null;
  }

  /** Fetch what the server holds. Gives what an earlier visit left unsaved in this browser, or null. */
  async open() {
    const found = await this.get("files");
    Object.assign(this, { files: found.files, revision: found.revision, may: found.may ?? {}, lock: found.lock });
    this.unsaved = {};
    this.stopped = false;
    return this.left();
  }

  /** @param {string | null} text null takes the file away */
  change(path, text) {
    if (this.files[path] === text) return;
    if (text === null) delete this.files[path];
    else this.files[path] = text;
    this.unsaved[path] = text;
    this.keep();
    if (this.stopped) return;
    this.onState("typed");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  get isDirty() {
    return Object.keys(this.unsaved).length > 0;
  }

  /** Send what is not yet saved. Never two at once: the second would be refused as stale. */
  async save() {
    clearTimeout(this.timer);
    if (this.sending) await this.sending;
    if (!this.isDirty || this.stopped) return;
    this.sending = this.send().finally(() => (this.sending = null));
    await this.sending;
  }

  async send() {
    const sent = { ...this.unsaved };
    this.onState("saving");
    let response;
    try {
      response = await this.request("PUT", "files", { revision: this.revision, files: sent });
    } catch {
      this.onState("offline");
      this.timer = setTimeout(() => this.save(), RETRY);
      return;
    }
    const answer = await response.json().catch(() => ({}));
    if (response.status === 409) return this.stop("conflict", answer);
    if (!response.ok || answer.revision === undefined) return this.stop("refused", answer);
    this.revision = answer.revision;
    for (const [path, text] of Object.entries(sent)) if (this.unsaved[path] === text) delete this.unsaved[path];
    this.keep();
    this.onState(this.isDirty ? "typed" : "saved");
    if (this.isDirty) this.timer = setTimeout(() => this.save(), PAUSE);
  }

  /** @param {string} why @param {Refusal} about */
  stop(why, about) {
    this.stopped = true;
    this.onState(why, about);
  }

  /** Save what this page holds over what somebody else saved: the other's revision stays in the history of the draft. */
  async overwrite() {
    const { revision } = await this.get("files");
    this.revision = revision;
    this.stopped = false;
    await this.save();
  }

  /** Take up what an earlier visit left. @param {Record<string, string | null>} files */
  takeUp(files) {
    for (const [path, text] of Object.entries(files)) this.change(path, text);
  }

  get place() {
    return `samled-unsaved:${this.base}`;
  }

  keep() {
    try {
      if (this.isDirty) localStorage.setItem(this.place, JSON.stringify(this.unsaved));
      else localStorage.removeItem(this.place);
    } catch {
      // A browser that is full or forbids it: what is typed is saved by the server a moment later all the same.
    }
  }

  left() {
    try {
      const left = JSON.parse(localStorage.getItem(this.place) ?? "null");
      const news = Object.entries(left ?? {}).filter(([path, text]) => (this.files[path] ?? null) !== text);
      return news.length ? Object.fromEntries(news) : null;
    } catch {
      return null;
    }
  }

  forget() {
    localStorage.removeItem(this.place);
  }

  /** @param {string} what such as "findings" */
  async get(what) {
    return (await this.checked(this.request("GET", what))).json();
  }

  async post(what, body = {}) {
    return (await this.checked(this.request("POST", what, body))).json();
  }

  async checked(asked) {
    const response = await asked;
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
    return response;
  }

  request(method, what, body) {
    return fetch(`${this.base}/${what}`, {
      method,
      credentials: "same-origin",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": this.token },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }
}

// The page that edits a draft. Life cycle:
//   1. fetch the draft's files; offer what an earlier visit left unsaved in this browser
//   2. show the main model; the editor of each kind of file is a bundle of its own, fetched when first needed
//   3. each change goes to Draft, which saves; after a save the checks are asked, and their findings shown
// Without JavaScript the list (steps.html) does what most changes need; this page says so in <noscript>.

import { Comments } from "./comments.js";
import { Draft } from "./draft.js";
import { Findings } from "./findings.js";
import { translator } from "./language/index.js";
import { PackageFacts } from "./package.js";
import { play } from "./playing.js";
import { States } from "./states.js";

const SAVING = 150; // ms: several changes of the drawing in a row are written once

class Page {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.language = document.documentElement.lang;
    this.translate = translator(this.language);
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.parts = Object.fromEntries(["canvas", "panel", "file", "status", "alert", "findings", "count", "other"].map((name) => [name, find(name)]));
    const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    this.states = new States(this);
    this.draft = new Draft({ base: root.dataset.draft, token, onState: (state, about) => this.onState(state, about) });
    this.facts = new PackageFacts(this.draft);
    const { findings: list, count } = this.parts;
    this.findings = new Findings({ draft: this.draft, list, count, translate: this.translate, language: this.language, page: this });
    this.comments = new Comments({ draft: this.draft, section: find("comments"), translate: this.translate, page: this });
    this.readOnly = false;
  }

  get mayWrite() {
    return this.draft.may.edit !== false && !this.readOnly;
  }

  async start() {
    const left = await this.draft.open();
    if (!this.mayWrite) this.states.say("You can look at this draft but not change it.");
    else if (left) this.states.offer(left);
    this.fillFiles();
    this.wire();
    await this.open(this.first());
    this.root.dataset.ready = "";
    this.findings.look();
    this.comments.look();
  }

  first() {
    const asked = decodeURIComponent(location.hash.slice(1));
    const paths = Object.keys(this.draft.files);
    return paths.includes(asked) ? asked : (paths.find((path) => path.endsWith(".bpmn")) ?? paths[0]);
  }

  fillFiles() {
    const { file } = this.parts;
    const kinds = Object.keys(this.draft.files).filter((path) => /\.(bpmn|dmn|form)$/.test(path));
    file.replaceChildren(...kinds.sort(byKind).map((path) => new Option(path, path)));
    if (this.path) file.value = this.path;
  }

  wire() {
    this.parts.file.addEventListener("change", () => this.open(this.parts.file.value));
    this.root.querySelector("[data-tools]").addEventListener("click", (event) => {
      const action = event.target.closest("button")?.dataset.tool;
      ({ undo: () => this.undo(), redo: () => this.redo(), arrange: () => this.arrange(this.path), all: () => this.fit?.() })[action]?.();
    });
    addEventListener("beforeunload", (event) => this.draft.isDirty && event.preventDefault());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.draft.save());
  }

  isOpen(file) {
    return !file || file === this.path || this.path?.endsWith(`/${file}`) || file.endsWith(`/${this.path}`);
  }

  /** Show a file of the draft in the editor of its kind. */
  async open(path) {
    if (!path) return;
    await this.flush();
    this.path = path;
    this.parts.file.value = path;
    this.readOnly = false;
    const isModel = path.endsWith(".bpmn");
    this.root.dataset.kind = path.split(".").pop();
    this.other?.destroy();
    this.other = null;
    try {
      await (isModel ? this.openModel(path) : this.openOther(path));
    } catch (error) {
      this.states.say(this.translate("The file cannot be shown: {why}", { why: error.message }));
    }
  }

  async openModel(path) {
    const { makeDiagram, openModel, fit } = await this.load("diagram");
    this.fit = () => fit(this.diagram.get("canvas"));
    if (!this.diagram) {
      this.diagram = makeDiagram({ canvas: this.parts.canvas, panel: this.parts.panel, facts: this.facts, language: this.language });
      this.listen(this.diagram);
    }
    this.importing = true;
    const text = this.draft.files[path];
    let lost;
    try {
      lost = await openModel(this.diagram, text);
    } catch (error) {
      // A drawing that failed half-way leaves the modeler half full.
      this.diagram.destroy();
      this.diagram = null;
      throw error;
    } finally {
      this.importing = false;
    }
    this.readOnly = lost.length > 0;
    if (lost.length) {
      const parts = lost.slice(0, 5).join("; ");
      this.states.say(this.translate("The diagram editor would lose parts of this model, so it is only shown: {parts}", { parts }));
    }
    this.findings.mark();
    this.comments.show();
  }

  async openOther(path) {
    const kind = path.endsWith(".dmn") ? "decision" : "form";
    const editors = await this.load(kind);
    this.parts.other.replaceChildren();
    const onChange = (text) => this.mayWrite && this.draft.change(path, text);
    const about = { text: this.draft.files[path], language: this.language, onChange };
    this.other = await (editors.openForm ?? editors.openDecision)(this.parts.other, about);
  }

  async load(kind) {
    const href = this.root.dataset[`${kind}Style`];
    if (href && !document.querySelector(`link[href="${CSS.escape(href)}"]`)) await attachStyle(href);
    return LOADERS[kind]();
  }

  listen(modeler) {
    const bus = modeler.get("eventBus");
    bus.on("commandStack.changed", () => {
      if (this.importing) return;
      clearTimeout(this.writing);
      this.pending = true;
      this.writing = setTimeout(() => this.flush(), SAVING);
    });
    bus.on("selection.changed", ({ newSelection }) => this.comments.choose(newSelection.length === 1 ? newSelection[0] : null));
    bus.on("samled.comment", ({ element }) => (this.comments.choose(element), this.comments.write()));
    bus.on("samled.deadline-needed", ({ name, text }) => {
      const toml = this.draft.files["process.toml"];
      if (toml !== undefined && !toml.includes(`[deadlines.${name}]`)) this.append("process.toml", text);
    });
  }

  /** Write the drawing to the draft. */
  async flush() {
    clearTimeout(this.writing);
    if (!this.pending || !this.diagram || !this.mayWrite) return;
    this.pending = false;
    const { xml } = await this.diagram.saveXML({ format: true });
    this.draft.change(this.path, xml);
  }

  append(path, text) {
    this.draft.change(path, `${this.draft.files[path].trimEnd()}\n${text}`);
  }

  onState(state, about) {
    this.states.show(state, about);
    if (state === "saved") this.findings.soon();
  }

  say(words) {
    this.states.say(words);
  }

  /** Take one step back: in this visit's own steps, else to what the draft was before it. */
  async undo() {
    await this.step("undo");
  }

  async redo() {
    await this.step("redo");
  }

  async step(way) {
    const can = way === "undo" ? "canUndo" : "canRedo";
    const stack = this.other ?? this.diagram?.get("commandStack");
    if (stack?.[can]?.()) return stack[way]();
    await this.flush();
    await this.draft.save();
    try {
      await this.draft.post(way, { revision: this.draft.revision });
    } catch {
      return this.say(this.translate("Nothing to undo."));
    }
    await this.reload();
    this.say(this.translate("Undone, back to what was saved before."));
  }

  /** Show what the server holds, whatever is on the page. */
  async reload() {
    this.pending = false;
    this.draft.forget();
    await this.draft.open();
    this.fillFiles();
    await this.open(this.draft.files[this.path] === undefined ? this.first() : this.path);
    this.states.show("saved");
    this.findings.look();
  }

  /** Lay a model out anew. */
  async arrange(file) {
    const path = Object.keys(this.draft.files).find((known) => known === file || known.endsWith(`/${file}`)) ?? this.path;
    if (!path.endsWith(".bpmn") || !this.mayWrite) return;
    await this.flush();
    const { xml } = await this.draft.post("layout", { xml: this.draft.files[path] });
    this.draft.change(path, xml);
    await this.open(path);
  }

  /** Open the file of a finding and look at its element. */
  async show({ file, element }) {
    if (!this.isOpen(file)) {
      const path = Object.keys(this.draft.files).find((known) => known === file || known.endsWith(`/${file}`));
      if (path && /\.(bpmn|dmn|form)$/.test(path)) await this.open(path);
    }
    const shape = this.path.endsWith(".bpmn") && this.diagram?.get("elementRegistry").get(element);
    if (!shape) return;
    this.diagram.get("canvas").scrollToElement(shape);
    this.diagram.get("selection").select(shape);
  }

  async play(finding) {
    await this.show({ file: finding.file, element: finding.path.at(-1) });
    await play(this.diagram, finding.path, (words) => this.say(words), this.translate);
  }
}

const LOADERS = {
  diagram: () => import("./diagram/index.js"),
  form: () => import("./form/index.js"),
  decision: () => import("./decision/index.js"),
};

function attachStyle(href) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  // A drawing measures itself, so its style must be there first.
  return new Promise((done) => {
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
}

const ORDER = ["bpmn", "form", "dmn"];
const byKind = (one, other) => ORDER.indexOf(one.split(".").pop()) - ORDER.indexOf(other.split(".").pop()) || one.localeCompare(other);

const root = document.querySelector("[data-editor]");
if (root) {
  const page = new Page(root);
  page.start().catch((error) => page.say(error.message));
  root.page = page; // for the tests of round trips
}

// What the checks say of the draft, on the elements and in a list beside the drawing. Asked for a moment after each save.

import { fixFor } from "./fixes.js";

const PAUSE = 600; // ms after a save
const SIGNS = { error: "!", publishing: "◆", warning: "?" };
const WEIGHT = { error: 0, publishing: 1, warning: 2 };

/** @typedef {{ file: string, element: string, element_name?: string, rule: string, severity: string, message: string,
 *   remedy: string, path?: string[], sv?: { message: string, remedy: string } }} Finding */

export class Findings {
  /** @param {{ draft: object, list: HTMLElement, count: HTMLElement, translate: Function, language: string, page: object }} parts */
  constructor({ draft, list, count, translate, language, page }) {
    Object.assign(this, { draft, list, count, translate, language, page });
    /** @type {Finding[]} */
    this.found = [];
    this.asked = 0;
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), PAUSE);
  }

  async look() {
    const number = ++this.asked;
    this.count.textContent = this.translate("Checking …");
    try {
      const { findings } = await this.draft.post("findings");
      if (number !== this.asked) return; // an answer about an older state
      this.found = findings.sort((one, other) => WEIGHT[one.severity] - WEIGHT[other.severity]);
      this.show();
    } catch {
      this.count.textContent = this.translate("The draft could not be checked.");
    }
  }

  show() {
    const many = this.found.length;
    this.count.textContent = many
      ? this.translate(many === 1 ? "1 finding" : "{count} findings", { count: many })
      : this.translate("Nothing to remark.");
    this.list.replaceChildren(...this.found.map((finding) => this.line(finding)));
    this.mark();
  }

  /** @param {Finding} finding */
  words(finding) {
    return (this.language === "sv" && finding.sv) || finding;
  }

  line(finding) {
    const item = document.createElement("li");
    item.className = `finding finding-${finding.severity}`;
    item.dataset.rule = finding.rule;
    const { message, remedy } = this.words(finding);
    const name = finding.element_name || finding.element;
    const head = text("p", name ? `${name}: ${message}` : message);
    head.prepend(text("strong", `${this.translate(finding.severity)} `));
    item.append(head, text("p", remedy, "remedy"), this.buttons(finding));
    return item;
  }

  buttons(finding) {
    const row = text("p", "", "row");
    if (finding.element || finding.file !== this.page.path) row.append(this.button("Show", () => this.page.show(finding)));
    const fix = fixFor(finding, this.page);
    if (fix) row.append(this.button(this.translate("Fix: {what}", { what: this.translate(fix.label) }), fix.apply));
    if (finding.path?.length > 1) row.append(this.button("Play the way there", () => this.page.play(finding)));
    return row;
  }

  button(label, action) {
    const button = text("button", this.translate(label), "button quiet small");
    button.type = "button";
    button.addEventListener("click", action);
    return button;
  }

  /** Signs on the elements of the drawing that is open. */
  mark() {
    const overlays = this.page.diagram?.get("overlays");
    if (!overlays) return;
    overlays.remove({ type: "finding" });
    const byElement = Map.groupBy(this.found.filter(({ file, element }) => element && this.page.isOpen(file)), ({ element }) => element);
    const registry = this.page.diagram.get("elementRegistry");
    for (const [element, findings] of byElement) {
      if (!registry.get(element)?.parent) continue;
      overlays.add(element, "finding", { position: { top: -14, left: -10 }, html: this.sign(findings), scale: false });
    }
  }

  sign(findings) {
    const sign = text("button", SIGNS[findings[0].severity], `finding-sign finding-${findings[0].severity}`);
    sign.type = "button";
    const told = findings.map((finding) => Object.values(pick(this.words(finding))).join(". ")).join("\n");
    sign.title = told;
    sign.setAttribute("aria-label", told);
    sign.addEventListener("click", () => this.list.children[this.found.indexOf(findings[0])]?.scrollIntoView({ block: "nearest" }));
    return sign;
  }
}

const pick = ({ message, remedy }) => ({ message, remedy });

function text(tag, words, className = "") {
  const node = document.createElement(tag);
  node.textContent = words;
  if (className) node.className = className;
  return node;
}

// Comments on elements, beside the drawing. They belong to the draft, not to the model.

export class Comments {
  /** @param {{ draft: object, section: HTMLElement, translate: Function, page: object }} parts */
  constructor({ draft, section, translate, page }) {
    Object.assign(this, { draft, section, translate, page });
    this.list = section.querySelector("[data-comment-list]");
    this.form = section.querySelector("[data-comment-form]");
    this.about = section.querySelector("[data-comment-about]");
    this.element = "";
    this.all = [];
    this.form?.addEventListener("submit", (event) => (event.preventDefault(), this.send()));
  }

  async look() {
    const { comments } = await this.draft.get("comments").catch(() => ({ comments: [] }));
    this.all = comments;
    this.show();
  }

  /** Comments are about the element that is chosen. @param {{ id: string, businessObject?: { name?: string } } | null} element */
  choose(element) {
    const name = element?.businessObject?.name || element?.id;
    this.element = element?.id ?? "";
    if (this.about) this.about.textContent = name ? this.translate("About {element}", { element: name }) : this.translate("About the whole process");
  }

  write() {
    this.section.closest("details")?.setAttribute("open", "");
    this.form?.querySelector("textarea").focus();
  }

  async send(extra = null) {
    const area = this.form.querySelector("textarea");
    const text = area.value.trim();
    if (!extra && !text) return;
    try {
      const body = extra ?? { element_id: this.element, text };
      await this.draft.post("comments", body);
      if (!extra) area.value = "";
      await this.look();
    } catch {
      this.page.say(this.translate("The comment was not saved. Try again."));
    }
  }

  show() {
    const open = this.all.filter(({ resolved }) => !resolved);
    this.list.replaceChildren(...(open.length ? open.map((comment) => this.line(comment)) : [line("li", this.translate("No comments."))]));
    this.mark(open);
  }

  line(comment) {
    const item = document.createElement("li");
    const element = this.page.diagram?.get("elementRegistry").get(comment.element_id);
    const where = element ? element.businessObject.name || element.id : comment.element_id;
    item.append(line("p", [comment.who, comment.when, where].filter(Boolean).join(" · "), "soft"), line("p", comment.text));
    const row = line("p", "", "row");
    if (element) row.append(this.button("Show", () => this.page.show({ element: comment.element_id, file: this.page.path })));
    row.append(this.button("Settled", () => this.send({ id: comment.id, resolved: true })));
    item.append(row);
    return item;
  }

  button(label, action) {
    const button = line("button", this.translate(label), "button quiet small");
    button.type = "button";
    button.addEventListener("click", action);
    return button;
  }

  mark(open) {
    const overlays = this.page.diagram?.get("overlays");
    if (!overlays) return;
    overlays.remove({ type: "comment" });
    const registry = this.page.diagram.get("elementRegistry");
    for (const [id, comments] of Map.groupBy(open, (comment) => comment.element_id)) {
      if (!registry.get(id)?.parent) continue;
      const sign = line("span", String(comments.length), "comment-sign");
      sign.title = comments.map(({ text }) => text).join("\n");
      overlays.add(id, "comment", { position: { bottom: 10, right: 10 }, html: sign, scale: false });
    }
  }
}

function line(tag, text, className = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  if (className) node.className = className;
  return node;
}

// The palette at the left and the pad beside an element: people's steps instead of tasks of no kind, and the domain's
// own steps. What does not run (data, groups) stays out of the palette; a drawing that has it keeps it.

const HIDDEN = ["create.task", "create.data-object", "create.data-store", "create.group"];

class OwnPalette {
  static $inject = ["palette", "create", "elementFactory", "translate", "domainSteps"];

  constructor(palette, create, elementFactory, translate, domainSteps) {
    Object.assign(this, { create, elementFactory, translate, domainSteps });
    palette.registerProvider(500, this);
  }

  getPaletteEntries() {
    return (entries) => {
      for (const name of HIDDEN) delete entries[name];
      return { ...entries, "create.user-task": this.userTask(), ...this.steps() };
    };
  }

  userTask() {
    const start = (event) => this.create.start(event, this.elementFactory.createShape({ type: "bpmn:UserTask" }));
    const title = this.translate("Create a step for people");
    return { group: "activity", className: "bpmn-icon-user-task", title, action: { dragstart: start, click: start } };
  }

  steps() {
    const entries = { "steps-separator": { group: "steps", separator: true } };
    for (const { id, label, icon } of this.domainSteps.all) {
      const start = (event) => this.domainSteps.place(id, event);
      entries[`create.${id}`] = { group: "steps", imageUrl: icon, title: label, action: { dragstart: start, click: start } };
    }
    return entries;
  }
}

class OwnPad {
  static $inject = ["contextPad", "popupMenu", "elementFactory", "create", "autoPlace", "translate", "domainSteps", "eventBus", "canvas"];

  constructor(contextPad, popupMenu, elementFactory, create, autoPlace, translate, domainSteps, eventBus, canvas) {
    Object.assign(this, { popupMenu, elementFactory, create, autoPlace, translate, domainSteps, eventBus, canvas });
    contextPad.registerProvider(500, this);
    popupMenu.registerProvider("domain-steps", this);
  }

  getContextPadEntries(element) {
    return (entries) => {
      const { "append.append-task": task, ...others } = entries;
      if (element.type === "label") return entries;
      const own = task ? { "append.user-task": this.userTask(), "append.domain-step": this.menu() } : {};
      return { ...own, ...others, comment: this.comment() };
    };
  }

  userTask() {
    const shape = () => this.elementFactory.createShape({ type: "bpmn:UserTask" });
    return {
      group: "model",
      className: "bpmn-icon-user-task",
      title: this.translate("Append a step for people"),
      action: {
        dragstart: (event, element) => this.create.start(event, shape(), { source: element }),
        click: (_event, element) => this.autoPlace.append(element, shape()),
      },
    };
  }

  menu() {
    const open = (event, element) => {
      const around = this.canvas.getContainer().getBoundingClientRect();
      const box = this.canvas.getAbsoluteBBox(element);
      const options = { title: this.translate("Ready-made steps"), width: 260 };
      this.popupMenu.open(element, "domain-steps", { x: around.left + box.x + box.width, y: around.top + box.y + box.height, cursor: { x: event.x, y: event.y } }, options);
    };
    return {
      group: "model",
      className: "bpmn-icon-call-activity",
      title: this.translate("Append a ready-made step"),
      action: { click: open },
    };
  }

  getPopupMenuEntries(element) {
    const entry = ({ id, label, icon }) => [
      id,
      { label, imageUrl: icon, action: () => (this.popupMenu.close(), this.domainSteps.append(id, element)) },
    ];
    return Object.fromEntries(this.domainSteps.all.map(entry));
  }

  comment() {
    return {
      group: "edit",
      className: "samled-icon-comment",
      title: this.translate("Comment"),
      action: { click: (_event, element) => this.eventBus.fire("samled.comment", { element }) },
    };
  }
}

export default {
  __init__: ["ownPalette", "ownPad"],
  ownPalette: ["type", OwnPalette],
  ownPad: ["type", OwnPad],
};

// The properties panel: the stock groups of Camunda 8 without those that the server refuses (listeners, ad hoc, element
// templates), and before them what nearly every change is about: who does a step, by when, and with which form.

import { SelectEntry, isSelectEntryEdited } from "@bpmn-io/properties-panel";
import { useService } from "bpmn-js-properties-panel";

const REFUSED = new Set([
  "Zeebe__ExecutionListeners",
  "Zeebe__TaskListeners",
  "Zeebe__ActiveElements",
  "Zeebe__CompletionCondition",
  "Zeebe__AdHocTask",
  "Zeebe__BackoffStrategy",
]);

class OwnProperties {
  static $inject = ["propertiesPanel", "translate", "samledPackage"];

  constructor(propertiesPanel, translate, samledPackage) {
    Object.assign(this, { translate, samledPackage });
    propertiesPanel.registerProvider(200, this);
  }

  getGroups(element) {
    return (groups) => {
      const kept = groups.filter(({ id }) => !REFUSED.has(id));
      if (element.businessObject.$type !== "bpmn:UserTask") return kept;
      const place = kept.findIndex(({ id }) => id === "general") + 1;
      return [...kept.slice(0, place), this.step(element), ...kept.slice(place)];
    };
  }

  step(element) {
    const entries = [
      { id: "samled-role", component: Role, element, isEdited: isSelectEntryEdited },
      { id: "samled-deadline", component: Deadline, element, isEdited: isSelectEntryEdited },
      { id: "samled-form", component: Form, element, isEdited: isSelectEntryEdited },
    ];
    return { id: "samled-step", label: this.translate("The step"), shouldOpen: true, entries };
  }
}

/** One attribute of one extension of an element, chosen from a list. */
function choice({ element, id, label, type, attribute, options, read = (value) => value, write = (value) => value }) {
  const translate = useService("translate");
  const commands = useService("commandStack");
  const bpmnFactory = useService("bpmnFactory");
  const current = () => extension(element, type)?.get(attribute) ?? "";
  const known = new Set(options.map(({ value }) => value));
  const other = current() && !known.has(read(current())) ? [{ value: read(current()), label: current() }] : [];
  return SelectEntry({
    element,
    id,
    label: translate(label),
    getValue: () => read(current()),
    setValue: (value) => set(element, type, { [attribute]: value ? write(value) : undefined }, commands, bpmnFactory),
    getOptions: () => [{ value: "", label: translate("(none)") }, ...options, ...other],
  });
}

function Role({ element, id }) {
  const { roles } = useService("samledPackage").declared();
  return choice({ element, id, label: "Who does it", type: "zeebe:AssignmentDefinition", attribute: "candidateGroups", options: roles });
}

function Deadline({ element, id }) {
  const { deadlines } = useService("samledPackage").declared();
  const write = (name) => `=deadline("${name}")`;
  const read = (source) => /^=\s*deadline\("([^"]+)"\)\s*$/.exec(source)?.[1] ?? source;
  return choice({ element, id, label: "When it is due", type: "zeebe:TaskSchedule", attribute: "dueDate", options: deadlines, read, write });
}

function Form({ element, id }) {
  const options = useService("samledPackage").forms().map((form) => ({ value: form.id, label: form.title ?? form.id }));
  return choice({ element, id, label: "Form", type: "zeebe:FormDefinition", attribute: "formId", options });
}

function extension(element, type) {
  return element.businessObject.extensionElements?.values?.find((value) => value.$type === type) ?? null;
}

/** All that one choice needs is one step of undo. */
function set(element, type, properties, commands, bpmnFactory) {
  const businessObject = element.businessObject;
  const step = (moddleElement, changed) => ({
    cmd: "element.updateModdleProperties",
    context: { element, moddleElement, properties: changed },
  });
  const found = extension(element, type);
  if (found) {
    const steps = [step(found, properties)];
    return commands.execute("properties-panel.multi-command-executor", steps);
  }
  const steps = [];
  let holder = businessObject.extensionElements;
  if (!holder) {
    holder = bpmnFactory.create("bpmn:ExtensionElements", { values: [] });
    holder.$parent = businessObject;
    steps.push(step(businessObject, { extensionElements: holder }));
  }
  const made = bpmnFactory.create(type, properties);
  made.$parent = holder;
  steps.push(step(holder, { values: [...(holder.values ?? []), made] }));
  return commands.execute("properties-panel.multi-command-executor", steps);
}

export default { __init__: ["ownProperties"], ownProperties: ["type", OwnProperties] };

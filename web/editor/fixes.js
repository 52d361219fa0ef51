// What can be mended without anybody having to think: each fix is one step of undo on the drawing, or one saved change
// of a file. A finding whose remedy asks for a decision has none.

/** @typedef {{ label: string, apply: () => unknown }} Fix */

/** @returns {Fix | null} @param {import("./findings.js").Finding} finding */
export function fixFor(finding, page) {
  if (!page.mayWrite) return null;
  const make = FIXES[finding.rule];
  return make ? make(finding, page) : null;
}

const FIXES = {
  "missing-diagram": (finding, page) => ({ label: "Draw it", apply: () => page.arrange(finding.file) }),
  "label-required": (finding, page) =>
    onElement(finding, page, "Write a name", (element, modeler) => modeler.get("directEditing").activate(element)),
  "missing-condition": (finding, page) =>
    onElement(finding, page, "Make it the default way", (element, modeler) =>
      modeler.get("modeling").updateProperties(element.source, { default: element.businessObject }),
      (element) => !element.source.businessObject.default,
    ),
  "superfluous-gateway": (finding, page) => onElement(finding, page, "Take it away", takeOut, (element) => element.incoming.length === 1 && element.outgoing.length === 1),
  "dangling-flow": (finding, page) => onElement(finding, page, "Take it away", remove),
  "no-duplicate-sequence-flows": (finding, page) =>
    onElement(finding, page, "Take it away", remove, (element) => element.type === "bpmn:SequenceFlow"),
  "no-executable-process": (finding, page) => executable(finding, page),
  "undeclared-deadline": (finding, page) => declare(finding, page, "Declare the deadline", deadline),
  "undeclared-role": (finding, page) => declare(finding, page, "Declare the role", role),
};

/** A fix on an element of the drawing that is open. */
function onElement(finding, page, label, apply, fits = () => true) {
  const element = page.isOpen(finding.file) && page.diagram?.get("elementRegistry").get(finding.element);
  if (!element || !fits(element)) return null;
  return { label, apply: () => (page.show(finding), apply(element, page.diagram)) };
}

const remove = (element, modeler) => modeler.get("modeling").removeElements([element]);

/** A gateway with one way in and one way out: the way in goes where the way out went. */
function takeOut(element, modeler) {
  const [into] = element.incoming;
  const [out] = element.outgoing;
  const target = out.target;
  modeler.get("modeling").reconnectEnd(into, target, { x: target.x, y: target.y + target.height / 2 });
  remove(element, modeler);
}

function executable(finding, page) {
  const modeler = page.isOpen(finding.file) && page.diagram;
  const root = modeler && modeler.get("canvas").getRootElement();
  const process = root?.businessObject.$type === "bpmn:Process" ? root : null;
  if (!process) return null;
  return { label: "Make it run", apply: () => modeler.get("modeling").updateProperties(process, { isExecutable: true }) };
}

/** The table to add stands in the remedy: `Add a table [deadlines.follow-up] to process.toml`. */
function declare(finding, page, label, section) {
  const name = /\[(?:deadlines|roles)\.([\w-]+)\]/.exec(finding.remedy)?.[1];
  if (!name || page.draft.files["process.toml"] === undefined) return null;
  return { label, apply: () => page.append("process.toml", section(name)) };
}

const deadline = (name) => `
[deadlines.${name}]
value = "10 working days"
source = "local"
adjustable = true
remind = "2 working days"
escalate = ["unit-manager"]
`;

const role = (name) => `
[roles.${name}]
title = "${name}"
`;

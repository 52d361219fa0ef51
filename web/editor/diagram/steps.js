// The domain's own steps, ready made: calls of the shared processes with what they need and what they give back, and
// the round of following up. What each call passes is told in processes/<name>/README.md, "How to call it".

import askConsent from "../icons/ask-consent.svg";
import summonUnits from "../icons/summon-units.svg";
import handOver from "../icons/hand-over.svg";
import followUp from "../icons/follow-up.svg";

const GAP = 90;

/** What a round of following up is due by, unless the package says so already. */
export const FOLLOW_UP_DEADLINE = `
[deadlines.follow-up]
title = "Uppföljning"
value = "P6W"
source = "local"
adjustable = true
remind = "5 working days"
escalate = ["unit-manager"]
`;

const CALLS = {
  "ask-consent": {
    icon: askConsent,
    label: "Ask for consent",
    process: "consent",
    inputs: { "consent_request.about": "Ärendet" },
    outputs: { consent: "=consent", declined: "=declined" },
  },
  "summon-units": {
    icon: summonUnits,
    label: "Summon units",
    process: "meeting",
    inputs: { "meeting_request.about": "Mötet", "meeting_request.invited": "=[]" },
    outputs: { receipts: "=receipts", meeting: "=meeting" },
  },
  "hand-over": {
    icon: handOver,
    label: "Hand over with receipt",
    process: "handover",
    inputs: { "handover_request.handover_reason": "Ärendet lämnas över", "handover_request.handover_to": "=null" },
    outputs: { handover: "=handover" },
  },
};

export class DomainSteps {
  static $inject = ["bpmnFactory", "elementFactory", "modeling", "autoPlace", "create", "translate", "canvas", "eventBus"];

  constructor(bpmnFactory, elementFactory, modeling, autoPlace, create, translate, canvas, eventBus) {
    Object.assign(this, { bpmnFactory, elementFactory, modeling, autoPlace, create, translate, canvas, eventBus });
  }

  /** @returns {{ id: string, label: string, icon: string }[]} */
  get all() {
    const calls = Object.entries(CALLS).map(([id, { icon, label }]) => ({ id, icon, label: this.translate(label) }));
    return [...calls, { id: "follow-up", icon: followUp, label: this.translate("Follow up every …") }];
  }

  /** Hang the step on to another, as the context pad does. */
  append(id, source) {
    const [first, ...others] = this.shapes(id);
    const placed = this.autoPlace.append(source, first);
    if (others.length) this.round(placed, others[0]);
    return placed;
  }

  /** Let the person place it, as the palette does. */
  place(id, event) {
    const [first, ...others] = this.shapes(id);
    this.create.start(event, first);
    if (!others.length) return;
    // The question and its way back come once the step has found its place.
    this.eventBus.once("create.end", ({ shape }) => shape === first && this.round(first, others[0]));
  }

  shapes(id) {
    return id === "follow-up" ? this.followUp() : [this.call(CALLS[id])];
  }

  call({ label, process, inputs, outputs }) {
    const mapping = this.moddle("zeebe:IoMapping", {
      inputParameters: Object.entries(inputs).map(([target, source]) => this.moddle("zeebe:Input", { source, target })),
      outputParameters: Object.entries(outputs).map(([target, source]) => this.moddle("zeebe:Output", { source, target })),
    });
    const called = this.moddle("zeebe:CalledElement", { processId: process, propagateAllChildVariables: false });
    return this.shape("bpmn:CallActivity", this.translate(label), [called, mapping]);
  }

  followUp() {
    const schedule = this.moddle("zeebe:TaskSchedule", { dueDate: '=deadline("follow-up")' });
    const task = this.shape("bpmn:UserTask", this.translate("Follow up"), [this.moddle("zeebe:UserTask"), schedule]);
    const again = this.shape("bpmn:ExclusiveGateway", this.translate("Follow up again?"));
    return [task, again];
  }

  /** task → question → back to the task; the other way out is left for what comes next. */
  round(task, question) {
    const middle = { x: task.x + task.width + GAP, y: task.y + task.height / 2 };
    const placed = this.modeling.createShape(question, middle, task.parent);
    this.modeling.connect(task, placed);
    const back = this.modeling.connect(placed, task, { type: "bpmn:SequenceFlow" });
    // Below both, or it would lie on the way there.
    const floor = task.y + task.height + 30;
    const from = placed.x + placed.width / 2;
    const to = task.x + task.width / 2;
    this.modeling.updateWaypoints(back, [
      { x: from, y: placed.y + placed.height },
      { x: from, y: floor },
      { x: to, y: floor },
      { x: to, y: task.y + task.height },
    ]);
    const condition = this.moddle("bpmn:FormalExpression", { body: '=get or else(follow_up.again, "no") = "yes"' });
    this.modeling.updateProperties(back, { name: this.translate("Yes"), conditionExpression: condition });
    this.eventBus.fire("samled.deadline-needed", { name: "follow-up", text: FOLLOW_UP_DEADLINE });
  }

  shape(type, name, values = []) {
    const businessObject = this.bpmnFactory.create(type, { name });
    if (values.length) {
      businessObject.extensionElements = this.moddle("bpmn:ExtensionElements", { values });
      adopt(businessObject.extensionElements, businessObject);
    }
    return this.elementFactory.createShape({ type, businessObject });
  }

  moddle(type, properties = {}) {
    return this.bpmnFactory.create(type, properties);
  }
}

/** moddle writes by parents, so each part is told whose it is. */
function adopt(part, parent) {
  part.$parent = parent;
  for (const list of [part.values, part.inputParameters, part.outputParameters]) for (const item of list ?? []) adopt(item, part);
}

export default { __init__: ["domainSteps"], domainSteps: ["type", DomainSteps] };

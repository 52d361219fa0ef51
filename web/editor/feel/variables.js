// The variables that exist at a point of a model: what the elements before it have written, on whatever way, and what
// the scopes around it were given. It is asked by the properties panel each time the model changes.
//   written by: forms (their answers stand under the form's id), scripts, decisions, output mappings, called processes,
//   results of jobs, lists of a multi-instance; and `case`, which each case has.

/** @typedef {{ name: string, type?: string, info?: string, entries?: object[], isList?: boolean, scope?: object }} Variable */

const CASE = { name: "case", info: "id, owner, started", entries: ["id", "owner", "started"].map((name) => ({ name })) };

export class VariableResolver {
  static $inject = ["packageForms"];

  /** @param {{ byId: (id: string) => object | null }} packageForms the forms of the package, read */
  constructor(packageForms) {
    this.forms = packageForms;
  }

  /** @returns {Promise<Variable[]>} in the order of the alphabet, each name once */
  async getVariablesForElement(element) {
    const found = new Map([[CASE.name, CASE]]);
    for (const variable of this.around(element)) merge(found, variable);
    for (const before of elementsBefore(element)) for (const variable of this.writtenBy(before)) merge(found, variable);
    return [...found.values()].sort((one, other) => one.name.localeCompare(other.name));
  }

  /** What the element itself and the scopes around it are given. */
  *around(element) {
    for (let scope = element; scope?.$type; scope = scope.$parent) {
      for (const { target } of part(scope, "zeebe:IoMapping")?.inputParameters ?? []) yield variable(target, scope);
      const each = part(scope.loopCharacteristics, "zeebe:LoopCharacteristics");
      if (each?.inputElement) yield variable(each.inputElement, scope);
      if (each) yield { name: "loopCounter", info: scope.name };
      // An output mapping reads what its own element wrote.
      if (scope === element) yield* this.writtenInside(element);
    }
  }

  /** What is there once an element is done. */
  *writtenBy(element) {
    const outputs = part(element, "zeebe:IoMapping")?.outputParameters ?? [];
    const inside = outputs.length ? new Map([...this.writtenInside(element)].map((inner) => [inner.name, inner])) : null;
    for (const { source, target } of outputs) {
      // `=need` passed on as it is keeps its keys.
      const entries = inside.get(/^=\s*(\w+)\s*$/.exec(source)?.[1])?.entries;
      yield { ...variable(target, element), ...(entries ? { entries } : {}) };
    }
    const list = part(element.loopCharacteristics, "zeebe:LoopCharacteristics")?.outputCollection;
    if (list) yield { ...variable(list, element), isList: true };
    if (!outputs.length && !element.loopCharacteristics) yield* this.writtenInside(element);
  }

  *writtenInside(element) {
    const form = this.forms.byId(part(element, "zeebe:FormDefinition")?.formId);
    if (form) yield { name: form.id, info: element.name ?? element.id, entries: questionsOf(form.components) };
    for (const type of ["zeebe:Script", "zeebe:CalledDecision"]) {
      const result = part(element, type)?.resultVariable;
      if (result) yield variable(result, element);
    }
    if (element.$type === "bpmn:SubProcess") {
      for (const inner of element.flowElements ?? []) yield* this.writtenBy(inner);
    }
  }
}

/** The extension of a type that an element bears. */
function part(element, type) {
  return element?.extensionElements?.values?.find((value) => value.$type === type) ?? null;
}

/** `a.b` makes an object `a` with a key `b`. */
function variable(path, element) {
  const [name, ...keys] = String(path ?? "").split(".");
  const entries = keys.length ? [{ name: keys[0] }] : undefined;
  return { name, entries, info: element.name ?? element.id };
}

function merge(found, variable) {
  if (!variable.name) return;
  const known = found.get(variable.name);
  if (!known) return void found.set(variable.name, variable);
  const entries = new Map([...(known.entries ?? []), ...(variable.entries ?? [])].map((entry) => [entry.name, entry]));
  found.set(variable.name, { ...known, ...(entries.size ? { entries: [...entries.values()] } : {}) });
}

/** Questions of a form as the keys of its answers; groups and lists hold theirs. */
function questionsOf(components = []) {
  return components.flatMap((component) => {
    if (!component.key && component.components && component.type !== "dynamiclist") {
      const inner = questionsOf(component.components);
      return component.path ? [{ name: component.path, entries: inner }] : inner;
    }
    const name = component.key ?? component.path;
    if (!name) return [];
    return [{ name, info: component.label, isList: component.type === "dynamiclist", entries: questionsOf(component.components) }];
  });
}

/** Elements from which one gets here, in this scope and the scopes around; without the element itself unless in a loop. */
export function elementsBefore(element) {
  const seen = new Set();
  const open = [element, ...scopesAround(element)].flatMap(directlyBefore);
  while (open.length) {
    const next = open.pop();
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...directlyBefore(next));
  }
  return seen;
}

function scopesAround(element) {
  const scopes = [];
  for (let scope = element.$parent; scope?.$type; scope = scope.$parent) {
    // An event sub-process may begin at any moment: all that its surroundings write may be there.
    scopes.push(scope);
  }
  return scopes;
}

function directlyBefore(element) {
  if (element.$type === "bpmn:SequenceFlow") return [element.sourceRef].filter(Boolean);
  const before = (element.incoming ?? []).map((flow) => flow.sourceRef).filter(Boolean);
  if (element.attachedToRef) before.push(...directlyBefore(element.attachedToRef));
  if (element.triggeredByEvent) before.push(...(element.$parent?.flowElements ?? []).filter((other) => other !== element && other.incoming));
  return before;
}

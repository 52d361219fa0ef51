// What bpmnlint has to say of a model: XML in, `[rule, element id, message]` out.
import { BpmnModdle } from 'bpmn-moddle';
import Linter from 'bpmnlint/lib/linter.js';

import { answering } from './answering.js';
import { config, resolver } from './rules.js';

const moddle = new BpmnModdle();

globalThis.lint = answering(async(xml) => {
  const { rootElement } = await moddle.fromXML(xml);

  // A linter of its own each time: some rules keep what they have seen.
  const found = await new Linter({ config, resolver }).lint(rootElement);

  return Object.entries(found).flatMap(
    ([ rule, reports ]) => reports.map(({ id, message }) => [ rule, id ?? null, message ])
  );
});

// The rules of bpmnlint that are checked, in the form in which its linter and bpmn-js-bpmnlint take them: the editor
// shows the very same. Why the others are left out stands in docs/explanation/dependencies.md.
import StaticResolver from 'bpmnlint/lib/resolver/static-resolver.js';
import endEventRequired from 'bpmnlint/rules/end-event-required.js';
import eventBasedGateway from 'bpmnlint/rules/event-based-gateway.js';
import labelRequired from 'bpmnlint/rules/label-required.js';
import noDuplicateSequenceFlows from 'bpmnlint/rules/no-duplicate-sequence-flows.js';
import noGatewayJoinFork from 'bpmnlint/rules/no-gateway-join-fork.js';
import noImplicitEnd from 'bpmnlint/rules/no-implicit-end.js';
import noOverlappingElements from 'bpmnlint/rules/no-overlapping-elements.js';
import singleBlankStartEvent from 'bpmnlint/rules/single-blank-start-event.js';
import superfluousGateway from 'bpmnlint/rules/superfluous-gateway.js';
import superfluousLabel from 'bpmnlint/rules/superfluous-label.js';

const RULES = {
  'end-event-required': endEventRequired,
  'event-based-gateway': eventBasedGateway,
  'label-required': labelRequired,
  'no-duplicate-sequence-flows': noDuplicateSequenceFlows,
  'no-gateway-join-fork': noGatewayJoinFork,
  'no-implicit-end': noImplicitEnd,
  'no-overlapping-elements': noOverlappingElements,
  'single-blank-start-event': singleBlankStartEvent,
  'superfluous-gateway': superfluousGateway,
  'superfluous-label': superfluousLabel
};

export const config = {
  rules: Object.fromEntries(Object.keys(RULES).map((name) => [ name, 'warn' ]))
};

export const resolver = new StaticResolver(
  Object.fromEntries(Object.entries(RULES).map(([ name, rule ]) => [ `rule:bpmnlint/${ name }`, rule ]))
);

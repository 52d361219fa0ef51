// Filters and iterations.
import { Range } from '@bpmn-io/feelin';

import { state, warn } from '../state.js';
import { createRange, getType } from '../values.js';
import { holds, tag } from './node.js';

export function filter(node, args) {
  const [ list, , test ] = args;

  return tag((context) => {
    const target = list(context);

    if (target === null) {
      return null;
    }

    const items = Array.isArray(target) ? target : [ target ];

    if (test.type === 'number') {
      return at(items, test(context), node);
    }

    return test.type === 'string' || test.type === 'date' || test.type === 'nil'
      ? warn('INVALID_TYPE', 'filter', {}, node)
      : filtered(items, test, context, node);
  }, 'any');
}

function at(items, index, node) {
  if (!Number.isInteger(index) || index === 0) {
    return warn('INVALID_TYPE', 'item', {}, node);
  }

  return items.at(index < 0 ? index : index - 1) ?? null;
}

function filtered(items, test, context, node) {
  const kept = [];

  for (const item of items) {
    const scope = getType(item) === 'context' ? { ...context, item, ...item } : { ...context, item };
    let answer = test(scope);

    if (typeof answer === 'number') {
      return at(items, answer, node);
    }

    if (typeof answer === 'function') {
      answer = answer(item);
    } else if (answer instanceof Range) {
      answer = answer.includes(item);
    }

    if (holds(answer, node)) {
      kept.push(item);
    }
  }

  return kept;
}

export function iterationContext(node, args) {
  const [ start, end ] = args;

  return end ? (context) => {
    state.node = node;

    return createRange(start(context), end(context));
  } : start;
}

/** `partial`, the results so far, is a copy: feelin gives the list itself, which then may come to hold itself. */
export function forExpression(node, args) {
  const contextsOf = args[1];
  const result = args.at(-1);
  const wanted = /\bpartial\b/.test(node.input);

  return (context) => {
    const contexts = contextsOf(context);

    if (getType(contexts) !== 'list') {
      return contexts;
    }

    const results = [];

    for (const inner of contexts) {
      results.push(result(wanted ? { ...inner, partial: results.slice() } : inner));
    }

    return results;
  };
}

/** `name in list` of for, some and every. */
export function inExpression(node, args) {
  const [ name, , list ] = args;

  return (context) => {
    const items = list(context);

    if (items instanceof Range || Array.isArray(items)) {
      return items.map((item) => ({ [name]: item }));
    }

    return warn('INVALID_TYPE', 'not-a-list', { type: getType(items) }, node);
  };
}

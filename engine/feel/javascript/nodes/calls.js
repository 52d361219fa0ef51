// Names and calls of functions.
import { FUNCTION_PARAMETER_MISSMATCH, getFromContext as find, wrapFunction } from '@bpmn-io/feelin';

import { NULL_IS_AN_ANSWER, builtins } from '../builtins.js';
import { quietly, state, warn } from '../state.js';
import { getType } from '../values.js';
import { tag } from './node.js';

export function variableName(node, args) {
  const name = args.join(' ');

  const call = tag((context, local = false) => {
    const value = find(name, context);

    return value !== undefined ? value : missing(node, name, context, local);
  }, 'any');

  call.variable = name;

  return call;
}

/** feelin wraps a function each time it is called. */
const wrapped = new Map(Object.entries(builtins).map(([ name, call ]) => [ name, wrapFunction(call) ]));

function missing(node, name, context, local) {
  if (!local) {
    return wrapped.get(name) ?? warn('NO_VARIABLE_FOUND', 'no-variable', { name }, node);
  }

  return getType(context) === 'context'
    ? warn('NO_CONTEXT_ENTRY_FOUND', 'no-entry', { name }, node)
    : warn('NO_PROPERTY_FOUND', 'no-property', { type: getType(context), name }, node);
}

export function invocation(node, args, type) {
  const [ target, , parameters ] = args;
  const name = target.variable ?? (typeof target === 'function' ? undefined : target);

  if (name === 'is defined' || name === 'get or else') {
    return tag(lenient(name, parameters, node), type);
  }

  return tag((context) => {
    const call = name === undefined ? wrapFunction(target(context)) : wrapFunction(find(name, context)) ?? wrapped.get(name);

    if (!call) {
      return warn('NO_FUNCTION_FOUND', 'no-function', { name: name ?? node.input }, node);
    }

    return invoke(call, name, parameters(context), node);
  }, type);
}

/** A call. `null` from a built-in function marks a wrong call, except where null is an answer. */
function invoke(call, name, parameters, node) {
  const before = state.warnings.warnings.length;

  state.node = node;

  const result = call.invoke(parameters);

  if (result === FUNCTION_PARAMETER_MISSMATCH) {
    return takes(name ?? node.input, call.parameterNames, node);
  }

  if (result !== null && result !== undefined) {
    return result;
  }

  const remarked = state.warnings.warnings.length > before;
  const builtin = wrapped.has(name);

  if (builtin && !remarked && (!NULL_IS_AN_ANSWER.has(name) || wrongTypes(name, parameters))) {
    const types = (Array.isArray(parameters) ? parameters : Object.values(parameters)).map(getType);

    warn('FUNCTION_INVOCATION_FAILURE', 'arguments', { name, types }, node);
  }

  return null;
}

function takes(name, parameters, node) {
  return parameters.length
    ? warn('FUNCTION_INVOCATION_FAILURE', 'parameters', { name, parameters: parameters.join(', ') }, node)
    : warn('FUNCTION_INVOCATION_FAILURE', 'no-parameters', { name }, node);
}

/** Of the functions for which null is an answer: did they get something they cannot read? */
function wrongTypes(name, parameters) {
  const values = Array.isArray(parameters) ? parameters : Object.values(parameters);

  switch (name) {
  case 'get value': return values.length !== 2 || getType(values[0]) !== 'context' && values[0] !== null;
  case 'not': return values.length !== 1 || values[0] !== null;
  case 'string': return values.length !== 1;
  case 'min': case 'max': case 'sum': case 'mean': case 'median': case 'product': case 'stddev': return values.flat().some((value) => value !== null);
  default: return false;
  }
}

/** `is defined(x)` and `get or else(x, default)`: what is missing in x is no mistake. */
function lenient(name, parameters, node) {
  const [ value, fallback ] = parameters.parts ?? [];
  const complete = value && (name === 'is defined' ? !fallback : fallback);

  return (context) => {
    if (!complete) {
      return takes(name, name === 'is defined' ? [ 'value' ] : [ 'value', 'default' ], node);
    }

    const found = quietly(() => value(context));

    if (name === 'is defined') {
      return !found.remarked;
    }

    return found.remarked || found.value === null ? fallback(context) : found.value;
  };
}

export function positional(node, args) {
  const call = (context) => args.map((arg) => arg(context));

  call.parts = args;

  return call;
}

/** The name of a function that the grammar knows by itself, such as `date and time`. */
export function namedFunction(node) {
  const variable = node.input.replace(/\s+/g, ' ');

  return Object.assign(() => wrapped.get(variable), { variable });
}

/** `@"2026-03-27"` */
export function atLiteral(node, args) {
  return tag((context) => invoke(wrapped.get('@'), '@', [ args[0](context) ], node), 'any');
}

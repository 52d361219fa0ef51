// The door of the bundle: a few functions that take and give numbers and JSON text, and nothing else.

import { FunctionWrapper, Interpreter, InterpreterContext, Range, wrapFunction } from '@bpmn-io/feelin';

import { builtins } from './builtins.js';
import { Calendar } from './calendar.js';
import { lock } from './lock.js';
import './mends.js';
import { Names, SPECIAL, parts } from './names.js';
import { parse } from './parsing.js';
import { Problem, state, warn } from './state.js';
import { Duration, Temporal } from './temporal.js';
import { encode } from './values.js';

const interpreter = new Interpreter();
const compiled = new Map();
const calendars = new Map();
let next = 1;

/** A limit is not ours to answer: Python hears of it. Without memory even for an error, null is thrown. */
function isLimit(error) {
  return error === null || error instanceof InternalError || error instanceof RangeError && /stack/.test(error.message);
}

function compile(text) {
  const [ source, kind, declared ] = JSON.parse(text);

  try {
    const tree = parse(source, kind, declared);
    const warnings = new InterpreterContext();
    const { root } = interpreter._buildExecutionTree(tree, source, warnings);
    const names = new Names(source);

    names.visit(tree.topNode, { bound: new Set(), filter: false });
    compiled.set(next, { root, warnings, unary: kind === 'unary', top: tree.topNode });

    return JSON.stringify({ id: next++, ...names.facts(declared) });
  } catch (error) {
    if (isLimit(error)) {
      throw error;
    }

    return JSON.stringify({ error: { ...explained(error, source), position: error.position?.from ?? null } });
  }
}

/** The same of many, as a JSON list. */
function compileAll(text) {
  return `[${ JSON.parse(text).map((key) => compile(JSON.stringify(key))).join(',') }]`;
}

/** The syntax tree of a compiled expression: [kind of node, from, to, parts], kinds as the grammar names them. */
function tree(id) {
  return JSON.stringify(parts(compiled.get(id).top));
}

/** What each function takes: name → names of its parameters; dots before the last mean any number. */
function signatures() {
  const named = Object.entries(builtins).map(([ name, call ]) => [ name, wrapFunction(call).parameterNames ]);

  return JSON.stringify({ ...Object.fromEntries(named), 'is defined': [ 'value' ], 'get or else': [ 'value', 'default' ] });
}

function told(error) {
  return error instanceof Problem
    ? { problem: error.problem, values: error.values }
    : { problem: 'other', values: { said: error.message } };
}

/** feelin says in words of its grammar what is wrong; what people can use is where, and what stands there. */
function explained(error, source) {
  if (error instanceof Problem || !error.position) {
    return told(error);
  }

  const rest = source.slice(error.position.from).trimStart();

  if (/^Incomplete/.test(error.message) || !rest) {
    return { problem: source.trim() ? 'unfinished' : 'empty', values: {} };
  }

  const [ found ] = /^(?:"(?:[^"\\]|\\.){0,30}"|[&|=!<>:]{2,3}|[\p{L}\p{N}_]{1,30}|.)/su.exec(rest);

  return { problem: 'unexpected', values: { found } };
}

/** What the evaluations that follow happen in: [now, calendar, deadlines, units]. */
function surround(text) {
  const [ now, calendar, deadlines, units ] = JSON.parse(text);

  Object.assign(state, { now, calendar: calendars.get(calendar), deadlines, units });
}

function begin(warnings) {
  warnings.warnings = [];
  state.warnings = warnings;
  state.node = null;
}

function failed(error) {
  if (isLimit(error)) {
    throw error;
  }

  return JSON.stringify({ e: told(error), p: state.node?.position.from ?? null });
}

/** A remark of ours, or one of feelin's own. */
const plain = ({ type, problem = 'other', values, message, position }) =>
  ({ type, problem, values: values ?? { said: message }, position: position.from });

function evaluate(id, text) {
  const { root, warnings, unary } = compiled.get(id);

  try {
    begin(warnings);

    const variables = JSON.parse(text);
    const found = root(variables);
    const value = encode(unary ? found(variables['?'] ?? null) : found);

    return warnings.warnings.length
      ? JSON.stringify({ v: value, w: warnings.warnings.map(plain) })
      : JSON.stringify({ v: value });
  } catch (error) {
    return failed(error);
  }
}

/**
 * Which rules of a decision table hit. In one go, so that the inputs keep their FEEL types: as JSON a date would be
 * text when it is tested. `text` is [inputs, rules, only the first?, variables]; inputs and rules hold ids of compiled
 * expressions, 0 for a test that anything passes. A warning comes back with the cell it is of: [rule or -1, column].
 */
function evaluateTable(text) {
  const [ inputs, rules, onlyFirst, variables ] = JSON.parse(text);
  const remarks = [];

  const run = (id, cell, call) => {
    const { root, warnings } = compiled.get(id);

    begin(warnings);

    try {
      return call(root);
    } catch (error) {
      if (isLimit(error)) {
        throw error;
      }

      const { problem, values } = told(error);

      return warn('FUNCTION_INVOCATION_FAILURE', problem, values);
    } finally {
      remarks.push(...warnings.warnings.map((warning) => ({ ...plain(warning), cell })));
    }
  };

  const values = inputs.map((id, column) => run(id, [ -1, column ], (root) => root(variables)) ?? null);
  const hits = [];

  for (const [ index, tests ] of rules.entries()) {
    const passes = (id, column) => id === 0 || run(id, [ index, column ],
      (root) => root({ ...variables, '?': values[column] })(values[column])) === true;

    if (tests.every(passes) && hits.push(index) && onlyFirst) {
      break;
    }
  }

  return JSON.stringify({ v: hits, w: remarks });
}

Object.assign(globalThis, {
  compile,
  compileAll,
  evaluate,
  evaluateTable,
  signatures,
  surround,
  tree,
  drop: (id) => { compiled.delete(id); },
  loadTable: (id, text) => { calendars.set(id, new Calendar(JSON.parse(text))); },
  loadMeetings: (text) => { const [ begins, ends, byUnit ] = JSON.parse(text); state.meetings = { begins, ends, byUnit }; },
  dropTable: (id) => { calendars.delete(id); }
});

lock([ Temporal, Duration, Range, FunctionWrapper, Calendar ]);

// The syntax nodes and functions of feelin that are replaced by our own. Why, one by one, is in docs/reference/feel.md;
// the rule behind them: a mistake is remarked and never an answer, and what is not needed is not evaluated.
import { replaceInner } from '@bpmn-io/feelin';

import { arithmetic, numericLiteral } from './nodes/arithmetic.js';
import { atLiteral, invocation, namedFunction, positional, variableName } from './nodes/calls.js';
import { compareOp, compareValue, comparison, instanceOf } from './nodes/comparison.js';
import { filter, forExpression, inExpression, iterationContext } from './nodes/lists.js';
import { ifExpression, logic, quantified } from './nodes/logic.js';
import { tag } from './nodes/node.js';
import { createRange, equals, getFromContext, getType, has, same, toString } from './values.js';

let feelins;

const NODES = {
  ArithOp: (node) => tag(Object.assign(() => null, { sign: node.input }), 'any'),
  ArithmeticExpression: arithmetic,
  CompareOp: (node) => Object.assign(compareOp(node), { sign: node.input }),
  Comparison: (node, args, warnings) => comparison(node, args, () => feelins(node, args, warnings)),
  Conjunction: logic(false),
  DateTimeConstructor: namedFunction,
  DateTimeLiteral: (node, args) => args.length === 1 ? args[0] : invocation(node, args, 'any'),
  AtLiteral: atLiteral,
  Disjunction: logic(true),
  FilterExpression: filter,
  ForExpression: forExpression,
  FunctionInvocation: (node, args) => invocation(node, args, 'any'),
  IfExpression: ifExpression,
  InExpression: inExpression,
  InstanceOfExpression: instanceOf,
  IterationContext: iterationContext,
  NumericLiteral: numericLiteral,
  Parameters: (node, args) => args.length === 3 ? args[1] : () => [],
  PositionalParameters: positional,
  SpecialFunctionName: namedFunction,
  SpecialType: (node) => node.input,
  VariableName: variableName,
  every: quantified(true),
  some: quantified(false)
};

replaceInner({
  getType: () => getType,
  has: () => has,
  equals: () => equals,
  toString: () => toString,
  tag: () => tag,
  createRange: () => createRange,
  getFromContext,
  formatValue: () => getType,
  matches: () => same,
  compareValue: () => compareValue,
  typeCast: () => () => null,
  evalNode: (original) => {
    feelins = original;

    return (node, args, warnings) => (NODES[node.name] ?? original)(node, args, warnings);
  }
});

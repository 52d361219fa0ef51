// What an expression reads and calls, found in its syntax tree without evaluating it.
import { LACKING, builtins } from './builtins.js';
import { Problem } from './state.js';

const DEADLINE = 'deadline';
const ROLE = 'units with role';

/** These ask for the time, the calendar or the organisation; the rest need nothing but the variables. */
const NEED_CONTEXT = new Set([
  'now', 'today', 'date and time', 'time', '@', DEADLINE, ROLE, 'working days after', 'next working day', 'next meeting',
  'age'
]);

/** Not built in as functions: the interpreter treats them itself (mends.js). */
export const SPECIAL = [ 'is defined', 'get or else' ];

/** Names that would reach JavaScript's own. */
const FORBIDDEN = new Set([ '__proto__' ]);

function children(node) {
  const found = [];

  for (let child = node.firstChild; child; child = child.nextSibling) {
    found.push(child);
  }

  return found;
}

/** A node and what is in it as plain arrays: kind, where it begins and ends, parts. */
export function parts(node) {
  return [ node.name, node.from, node.to, children(node).map(parts) ];
}

export class Names {
  constructor(source) {
    this.source = source;
    this.paths = new Map();
    this.ambiguous = new Set();
    this.functions = new Set();
    this.deadlines = new Set();
    this.roles = new Set();
    this.needsContext = false;
  }

  text(node) {
    return this.source.slice(node.from, node.to);
  }

  /** A name as the interpreter reads it: its parts joined by one space, without backticks. */
  name(node) {
    const parts = children(node);
    const text = parts.length
      ? parts.map((part) => this.text(part).replace(/`/g, '')).join(' ')
      : this.text(node).replace(/`/g, '');

    if (FORBIDDEN.has(text)) {
      throw new Problem('forbidden', { name: text }, node);
    }

    return text.replace(/\s+/g, ' ');
  }

  /** @param {{ bound: Set<string>, filter: boolean }} scope */
  visit(node, scope) {
    const visitor = VISITORS[node.name];

    if (visitor) {
      visitor(this, node, scope);
    } else {
      this.visitAll(node, scope);
    }
  }

  visitAll(node, scope) {
    for (const child of children(node)) {
      this.visit(child, scope);
    }
  }

  read(path, scope) {
    const [ root ] = path;

    if (scope.bound.has(root)) {
      return;
    }

    if (scope.filter) {
      this.ambiguous.add(root);
    } else {
      this.paths.set(JSON.stringify(path), path);
    }
  }

  call(name, node, parameters) {
    if (!Object.hasOwn(builtins, name) && !SPECIAL.includes(name)) {
      throw new Problem(LACKING.has(name) ? 'lacking-function' : 'no-function', { name }, node);
    }

    this.functions.add(name);
    this.needsContext ||= NEED_CONTEXT.has(name);

    const constants = { [DEADLINE]: this.deadlines, [ROLE]: this.roles }[name];
    const constant = constants && this.constant(parameters);

    if (constant !== undefined && constant !== null) {
      constants.add(constant);
    }
  }

  /** The text that is given first, or as `name`, if it is a literal. */
  constant(parameters) {
    const list = parameters && children(parameters);
    const first = list?.[0]?.name === 'NamedParameter'
      ? list.map(children).find(([ name ]) => this.text(name).trim() === 'name')?.at(-1)
      : list?.[0];

    return first?.name === 'StringLiteral' ? this.text(first).slice(1, -1) : null;
  }

  facts(declared) {
    const originals = new Map(declared.map((name) => [ normal(name), name ]));
    const original = ([ root, ...rest ]) => [ originals.get(normal(root)) ?? root, ...rest ];

    return {
      paths: [ ...this.paths.values() ].map(original),
      ambiguous: [ ...this.ambiguous ].map((name) => original([ name ])[0]),
      functions: [ ...this.functions ],
      deadlines: [ ...this.deadlines ],
      roles: [ ...this.roles ],
      needsContext: this.needsContext
    };
  }
}

function normal(name) {
  return name.replace(/\s+/g, '');
}

function bind(scope, ...names) {
  return { ...scope, bound: new Set([ ...scope.bound, ...names ]) };
}

function pathOf(names, node) {
  const [ target, property ] = children(node);
  const end = names.name(property);

  if (target.name === 'VariableName') {
    return [ names.name(target), end ];
  }

  const path = target.name === 'PathExpression' ? pathOf(names, target) : null;

  return path && [ ...path, end ];
}

function innermost(node) {
  const [ target ] = children(node);

  return target.name === 'PathExpression' ? innermost(target) : target;
}

function iteration(names, node, scope) {
  let inner = scope;

  for (const child of children(node)) {
    if (child.name === 'InExpressions') {
      for (const part of children(child)) {
        const [ name, , list ] = children(part);

        names.visit(list, inner);
        inner = bind(inner, names.name(name));
      }
    } else {
      names.visit(child, bind(inner, 'partial'));
    }
  }
}

function invocation(names, node, scope) {
  const [ target, ...rest ] = children(node);
  const parameters = rest.find((part) => part.name.endsWith('Parameters'));

  if (target.name === 'VariableName' && scope.bound.has(names.name(target))) {
    // a function of the expression itself
  } else if ([ 'VariableName', 'DateTimeConstructor', 'SpecialFunctionName' ].includes(target.name)) {
    names.call(names.text(target).trim().replace(/\s+/g, ' '), target, parameters);
  } else {
    names.visit(target, scope);
  }

  if (parameters) {
    names.visit(parameters, scope);
  }
}

const VISITORS = {
  VariableName: (names, node, scope) => {
    const name = names.name(node);

    // A function that is handed on, as in sort(list, before), may be called where it arrives.
    names.needsContext ||= NEED_CONTEXT.has(name);
    names.read([ name ], scope);
  },

  PathExpression: (names, node, scope) => {
    const path = pathOf(names, node);

    if (path) {
      names.read(path, scope);
    } else {
      names.visit(innermost(node), scope);
    }
  },

  FilterExpression: (names, node, scope) => {
    const [ list, , test ] = children(node);

    names.visit(list, scope);
    names.visit(test, { ...bind(scope, 'item'), filter: true });
  },

  ForExpression: iteration,
  QuantifiedExpression: iteration,

  FunctionDefinition: (names, node, scope) => {
    let inner = scope;

    for (const child of children(node)) {
      if (child.name === 'FormalParameters') {
        inner = bind(inner, ...children(child).map((parameter) => names.name(deepest(parameter))));
      } else {
        names.visit(child, inner);
      }
    }
  },

  Context: (names, node, scope) => {
    let inner = scope;

    for (const entry of children(node).filter((child) => child.name === 'ContextEntry')) {
      const [ key, ...rest ] = children(entry);

      rest.forEach((child) => names.visit(child, inner));
      inner = bind(inner, names.key(key));
    }
  },

  FunctionInvocation: invocation,

  DateTimeLiteral: (names, node, scope) => {
    if (children(node)[0].name === 'DateTimeConstructor') {
      invocation(names, node, scope);
    } else {
      names.needsContext = true;
    }
  },

  NamedParameter: (names, node, scope) => {
    children(node).slice(1).forEach((child) => names.visit(child, scope));
  },

  // feelin's grammar lets `a = > 1` and `> > 1` through, which mean nothing.
  SimplePositiveUnaryTest: (names, node, scope) => {
    const parent = node.parent;
    const compared = parent.name === node.name || parent.name === 'Comparison' && children(parent)[1].name === 'CompareOp';

    if (compared && node.firstChild.name === 'CompareOp') {
      const sign = names.text(node.firstChild);
      const doubled = names.source.slice(node.from - 1, node.from + 1);

      throw doubled === '==' ? new Problem('sign', { found: doubled }, node) : new Problem('alone', { sign }, node);
    }

    names.visitAll(node, scope);
  },

  Type: () => {},
  Key: () => {},
  Name: () => {},
  ParameterName: () => {}
};

function deepest(node) {
  return node.firstChild && [ 'FormalParameter', 'ParameterName', 'Key' ].includes(node.name) ? deepest(node.firstChild) : node;
}

Names.prototype.key = function(node) {
  const inner = deepest(node);
  const text = inner.name === 'StringLiteral' ? this.text(inner).slice(1, -1) : this.name(inner);

  if (FORBIDDEN.has(text)) {
    throw new Problem('forbidden', { name: text }, node);
  }

  return text;
};

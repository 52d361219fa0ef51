// feelin's parser as it is, but set up once for each set of names and not for each expression: that took a quarter of
// the time of parsing.
import { parser, trackVariables } from '@bpmn-io/lezer-feel';

import { LACKING, builtins } from './builtins.js';
import { SPECIAL } from './names.js';

/** Names with words of FEEL in them, such as `get or else`, are read as one name only if the parser knows them. */
const KNOWN = [ ...Object.keys(builtins), ...SPECIAL, ...LACKING ].filter((name) => /\b(and|or|in|of|if)\b/.test(name));

const MOST_PARSERS = 100;
const parsers = new Map();

function parserOf(top, declared) {
  const key = JSON.stringify([ top, declared ]);

  if (!parsers.has(key)) {
    const names = [ ...KNOWN, ...declared ].map((name) => [ name, null ]);
    const contextTracker = trackVariables(Object.fromEntries(names));

    // What it makes of the names is kept with the first scope, which every parse begins with.
    contextTracker.start.contextCache();

    if (parsers.size >= MOST_PARSERS) {
      parsers.clear();
    }

    parsers.set(key, parser.configure({ top, contextTracker, dialect: 'camunda' }));
  }

  return parsers.get(key);
}

/** The syntax tree of an expression or of unary tests; `declared` are names that hold signs or words of FEEL. */
export function parse(source, kind, declared) {
  return parserOf(kind === 'unary' ? 'UnaryTests' : 'Expression', declared).parse(source);
}

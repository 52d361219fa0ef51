// Bundles the FEEL runtime into dist/feel.js, one script for the embedded JavaScript engine: `npm run build:feel`.
//
// feelin does not export its interpreter, and its functions call each other by name. So a few lines are added to its
// module when it is loaded: they export what runtime.js needs, and let mends.js replace single functions. A new version
// of feelin that lacks one of those functions fails the build here, and not a case later on.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What feelin's module is asked to export besides its own. */
const EXPORTED = [
  'Interpreter', 'InterpreterContext', 'Range', 'FunctionWrapper', 'FUNCTION_PARAMETER_MISSMATCH', 'builtins',
  'wrapFunction', 'getFromContext',
];

/** The functions of feelin that mends.js replaces. */
const REPLACEABLE = [
  'getType', 'has', 'equals', 'toString', 'tag', 'createRange', 'getFromContext', 'formatValue', 'matches',
  'compareValue', 'typeCast', 'evalNode',
];

const openFeelin = {
  name: 'open-feelin',
  setup(bundler) {
    bundler.onLoad({ filter: /feelin[\\/]dist[\\/]index\.js$/ }, async({ path }) => {
      const source = await readFile(path, 'utf8');

      const missing = [ ...EXPORTED, ...REPLACEABLE ].filter(
        (name) => !new RegExp(`^(function|class|const) ${name}\\b`, 'm').test(source)
      );

      if (missing.length) {
        return { errors: [ { text: `feelin has no ${ missing.join(', ') } any more: look through mends.js` } ] };
      }

      const cases = REPLACEABLE.map((name) => `if (mends.${name}) ${name} = mends.${name}(${name});`);

      return {
        contents: `${source}
export { ${EXPORTED.join(', ')} };
export function replaceInner(mends) { ${cases.join('\n')} }
`,
        loader: 'js'
      };
    });
  }
};

// feelin's dates are luxon's, ours are not (temporal.js): what is left of it in feelin is never called, and without it
// the runtime starts a quarter sooner and is a third smaller.
const withoutLuxon = {
  name: 'without-luxon',
  setup(bundler) {
    bundler.onResolve({ filter: /^luxon$/ }, () => ({ path: here('./javascript/no-luxon.js') }));
  }
};

await build({
  entryPoints: [ here('./javascript/runtime.js') ],
  outfile: here('./dist/feel.js'),
  bundle: true,
  format: 'iife',
  platform: 'neutral',
  mainFields: [ 'module', 'main' ],
  target: 'es2022',
  define: { process: 'undefined' },
  legalComments: 'inline',
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [ openFeelin, withoutLuxon ],
  logLevel: 'warning'
});

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
  'Interpreter', 'InterpreterContext', 'Range', 'FunctionWrapper', 'FUNCTION_PARAMETER_MISSMATCH', 'builtins', 'fn',
  'lintError', 'wrapFunction', 'getType', 'getFromContext',
];

/** The functions of feelin that mends.js may replace. */
const REPLACEABLE = [
  'getType', 'has', 'equals', 'typeCast', 'toString', 'tag', 'evalNode', 'createRange', 'getFromContext', 'formatValue',
  'before', 'meetsRange', 'includesRange', 'matches', 'flatten', 'median', 'contextPut', 'compareValue', 'date',
  'duration', 'createRegexp',
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
  plugins: [ openFeelin ],
  logLevel: 'warning'
});

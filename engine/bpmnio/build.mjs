// Bundles what bpmn.io's libraries do for a model into dist/, one script a purpose: `npm run build:bpmnio`.
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  entryPoints: [ here('./javascript/lint.js') ],
  outdir: here('./dist'),
  bundle: true,
  format: 'iife',
  platform: 'neutral',
  mainFields: [ 'module', 'main' ],
  target: 'es2022',
  legalComments: 'inline',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning'
});

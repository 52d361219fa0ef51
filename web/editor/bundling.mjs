// How the editor's libraries are bundled so that they live with our content security policy (no inline style), and so
// that completion offers what the server runs. A library that no longer has the place that is changed fails the build.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** CodeMirror puts its rules into a <style>, which the policy forbids; a constructed sheet is allowed. */
const CHANGES = [
  { file: /style-mod[\\/]src[\\/]style-mod\.js$/, from: "if (!root.head && root.adoptedStyleSheets", to: "if (root.adoptedStyleSheets" },
  // What a file says is written again, also where it says what holds anyhow (`cancelActivity="true"`).
  { file: /moddle-xml[\\/]dist[\\/]index(\.esm)?\.js$/, from: "value === p.default", to: "value === undefined" },
  {
    file: /bpmn-js-properties-panel[\\/]dist[\\/]index\.esm\.js$/,
    from: `<div style="height: 100%" tabindex="-1"`,
    to: `<div tabindex="-1"`,
  },
];

async function change({ path }) {
  let source = await readFile(path, "utf8");
  for (const { file, from, to } of CHANGES) {
    if (!file.test(path)) continue;
    if (!source.includes(from)) return { errors: [{ text: `${path} has no ${from} any more: look through web/editor/bundling.mjs` }] };
    source = source.replace(from, to);
  }
  return { contents: source, loader: "js" };
}

/** The icons' fonts: every browser that the editor supports reads woff2, so the other kinds stay out of the bundle. */
async function oneFont({ path }) {
  const source = await readFile(path, "utf8");
  const woff2 = /url\('([^']+\.woff2)[^']*'\)/.exec(source)?.[1];
  if (!woff2) return { errors: [{ text: `${path} names no woff2 font any more: look through web/editor/bundling.mjs` }] };
  let first = true;
  const src = () => (first ? ((first = false), `src: url("${woff2}") format("woff2");`) : "");
  const face = (block) => block.replace(/src:[^]*?\);?(?=\s*(?:src:|font-weight))/g, src);
  return { contents: source.replace(/@font-face\s*\{[^]*?font-style[^}]*\}/, face), loader: "css" };
}

/** Markup with style attributes: their rules stand in decision.css instead. */
async function namedStyle({ path }) {
  const source = await readFile(path, "utf8");
  return { contents: source.replaceAll('style="', 'data-css="'), loader: "js" };
}

/** Icons drawn with style attributes: the same as attributes of SVG. */
async function withoutStyle({ path }) {
  const source = await readFile(path, "utf8");
  const asAttributes = (_all, rules) =>
    ` ${rules
      .split(";")
      .filter(Boolean)
      .map((rule) => rule.split(":"))
      .map(([name, value]) => `${name.trim()}="${value.trim()}"`)
      .join(" ")}`;
  return { contents: source.replace(/ style="([^"${}]*)"/g, asAttributes), loader: "js" };
}

export const editorPlugin = {
  name: "samled-editor",
  setup(bundler) {
    for (const { file } of CHANGES) bundler.onLoad({ filter: file }, change);
    bundler.onLoad({ filter: /bpmn-js[\\/]lib[\\/]features[\\/](align|distribute)-elements[\\/].*Icons\.js$/ }, withoutStyle);
    bundler.onLoad({ filter: /dmn-js-shared[\\/]lib[\\/]util[\\/]PoweredByUtil\.js$/ }, namedStyle);
    bundler.onLoad({ filter: /dmn-js-decision-table[\\/]lib[\\/]features[\\/]drag-and-drop[\\/]DragAndDrop\.js$/ }, namedStyle);
    // One preact for the panel and for form-js: two would not know of each other's contexts.
    bundler.onResolve({ filter: /^preact(\/.*)?$/ }, ({ path, resolveDir, kind }) =>
      bundler.resolve(`@bpmn-io/properties-panel/${path}`, { resolveDir: here("."), kind }),
    );
    bundler.onLoad({ filter: /(bpmn|dmn)-font[\\/]css[\\/](bpmn|dmn)\.css$/ }, oneFont);
    bundler.onResolve({ filter: /^@camunda\/feel-builtins$/ }, ({ importer }) =>
      importer.endsWith("functions.js") ? undefined : { path: here("feel/functions.js") },
    );
  },
};

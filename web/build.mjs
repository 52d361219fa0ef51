// Bundles each front-end feature into web/static/dist/<feature>. `npm run build:web`; `node web/build.mjs --watch`
// rebuilds while one works. Plain page scripts in web/static need no bundling and are not touched.

import { build, context } from "esbuild";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { editorPlugin } from "./editor/bundling.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A folder a feature; the names are those of the built files. */
const features = {
  style: { samled: here("styles/samled.css") },
  viewer: { viewer: here("viewer/index.js"), diagram: here("viewer/diagram.css") },
  // The kinds of file have an editor each, fetched when one is opened; each brings its style.
  editor: {
    editor: here("editor/index.js"),
    style: here("editor/editor.css"),
    ...Object.fromEntries(["diagram", "form", "decision"].map((kind) => [kind, here(`editor/${kind}/${kind}.css`)])),
  },
};

const options = ([feature, entryPoints]) => ({
  entryPoints,
  outdir: here(`static/dist/${feature}`),
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "linked",
  chunkNames: "[name]-[hash]",
  logLevel: "info",
  loader: { ".svg": "dataurl", ".woff2": "file" },
  plugins: [editorPlugin],
});

/** Compressed once here and not at each request. */
async function compress(folder) {
  for (const name of await readdir(folder)) {
    if (!/\.(js|css)$/.test(name)) continue;
    await writeFile(`${folder}/${name}.gz`, gzipSync(await readFile(`${folder}/${name}`), { level: 9 }));
  }
}

for (const feature of Object.entries(features)) {
  const settings = options(feature);
  if (process.argv.includes("--watch")) {
    await (await context(settings)).watch();
  } else {
    await rm(settings.outdir, { recursive: true, force: true });
    await build(settings);
    await compress(settings.outdir);
  }
}

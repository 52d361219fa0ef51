// The editor of decision tables: dmn-js. A bundle of its own, fetched when a .dmn is opened.

import Modeler from "dmn-js/lib/Modeler";

import { translateModule } from "../language/index.js";

/**
 * @param {HTMLElement} container
 * @param {{ text: string, language: string, onChange: (text: string) => void }} about
 */
export async function openDecision(container, { text, language, onChange }) {
  const additionalModules = [translateModule(language)];
  const part = { additionalModules };
  const modeler = new Modeler({ container, drd: part, decisionTable: part, literalExpression: part });
  await modeler.importXML(text);
  const table = modeler.getViews().find(({ type }) => type === "decisionTable");
  if (table) await modeler.open(table);
  const save = async () => onChange((await modeler.saveXML({ format: true })).xml);
  const watched = new WeakSet();
  const watch = () => {
    const viewer = modeler.getActiveViewer();
    if (!viewer || watched.has(viewer)) return;
    watched.add(viewer);
    viewer.get("eventBus").on("elements.changed", save);
  };
  watch();
  modeler.on("views.changed", watch);
  const stack = () => modeler.getActiveViewer()?.get("commandStack");
  return { destroy: () => modeler.destroy(), undo: () => stack()?.undo(), canUndo: () => stack()?.canUndo() };
}

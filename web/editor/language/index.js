// The words of the editor. English is what the libraries and this code say; Swedish stands in swedish.js. A text that
// has no Swedish yet is shown in English.

import { swedish } from "./swedish.js";

/** @returns {(text: string, values?: Record<string, unknown>) => string} */
export function translator(language) {
  const words = language === "sv" ? swedish : {};
  return (text, values = {}) => (words[text] ?? text).replace(/\{([^}]+)\}/g, (whole, key) => values[key] ?? whole);
}

/** For bpmn-js, dmn-js and form-js. */
export function translateModule(language) {
  return { translate: ["value", translator(language)] };
}

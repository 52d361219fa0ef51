// The form editor: form-js. A bundle of its own, fetched when a .form is opened.

import { FormEditor } from "@bpmn-io/form-js-editor";

import { translateModule } from "../language/index.js";

/** Questions that the server does not show (docs/reference/forms.md): the palette does not offer them. */
const REFUSED = ["html", "iframe", "image", "button", "documentPreview"];

/**
 * @param {HTMLElement} container
 * @param {{ text: string, language: string, onChange: (text: string) => void }} about
 */
export async function openForm(container, { text, language, onChange }) {
  const editor = new FormEditor({ container, additionalModules: [translateModule(language)] });
  await editor.importSchema(JSON.parse(text));
  const hide = () => {
    for (const type of REFUSED) {
      const field = container.querySelector(`.fjs-palette-field[data-field-type="${type}"]`);
      if (field) field.hidden = true;
    }
  };
  hide();
  new MutationObserver(hide).observe(container, { childList: true, subtree: true });
  editor.on("changed", () => onChange(`${JSON.stringify(editor.saveSchema(), null, 2)}\n`));
  return { destroy: () => editor.destroy(), undo: () => editor.get("commandStack").undo(), canUndo: () => editor.get("commandStack").canUndo() };
}

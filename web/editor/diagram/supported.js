// What the menus offer: only what the server runs. supported.json is kept equal to engine/bpmn/supported.py by a test.

import * as replaceOptions from "bpmn-js/lib/features/replace/ReplaceOptions";

import supported from "../supported.json";

const simple = (type) => {
  const name = type.replace(/^bpmn:/, "");
  return name[0].toLowerCase() + name.slice(1);
};

/** @param {{ type: string, eventDefinitionType?: string }} target */
export function isSupported({ type, eventDefinitionType }) {
  const name = simple(type);
  const triggers = supported.events[name];
  if (triggers) return !eventDefinitionType || triggers.includes(simple(eventDefinitionType).replace(/EventDefinition$/, ""));
  if (/Task$|Gateway$|^task$|SubProcess$|^transaction$|^callActivity$/.test(name)) {
    return supported.activities.includes(name) || supported.gateways.includes(name);
  }
  return true; // data, notes, pools and flows do not run
}

/** Names of the entries of the replace menu that the server would refuse. */
const refused = new Set(
  Object.values(replaceOptions)
    .filter(Array.isArray)
    .flat()
    .filter((option) => option.target?.type && !isSupported(option.target))
    .map((option) => option.actionName),
);
// A task that is no particular kind passes at once, and a loop without a list is not run.
const ALSO = ["toggle-loop", "toggle-participant-multiplicity", "toggle-is-collection", "replace-with-collapsed-ad-hoc-subprocess"];
for (const name of ALSO) refused.add(name);

class SupportedMenu {
  static $inject = ["popupMenu"];

  constructor(popupMenu) {
    popupMenu.registerProvider("bpmn-replace", 100, this);
  }

  getPopupMenuEntries() {
    return (entries) => Object.fromEntries(Object.entries(entries).filter(([name]) => !refused.has(name)));
  }

  getPopupMenuHeaderEntries() {
    return (entries) => Object.fromEntries(Object.entries(entries).filter(([name]) => !refused.has(name)));
  }
}

export default { __init__: ["supportedMenu"], supportedMenu: ["type", SupportedMenu] };

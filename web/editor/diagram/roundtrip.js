// Does a model come back whole? Elements and attributes before and after, by qualified name and value, in whatever
// order and with whatever prefixes.

/** @returns {string[]} what the second text lacks of the first, such as `zeebe:userTask/@priority = 50` */
export function lostIn(before, after) {
  const left = parts(after);
  const lost = [];
  for (const [what, count] of parts(before)) {
    if ((left.get(what) ?? 0) < count) lost.push(what);
  }
  return lost;
}

/** @returns {Map<string, number>} */
function parts(xml) {
  const found = new Map();
  const count = (what) => found.set(what, (found.get(what) ?? 0) + 1);
  const document = new DOMParser().parseFromString(xml, "application/xml");
  for (const element of document.getElementsByTagName("*")) {
    const name = nameOf(element);
    count(name);
    for (const attribute of element.attributes) {
      if (attribute.name === "xmlns" || attribute.name.startsWith("xmlns:")) continue;
      if (!says(document, attribute, element)) continue;
      count(`${name}/@${nameOf(attribute)} = ${meant(element, attribute)}`);
    }
    const text = element.children.length ? "" : element.textContent.trim();
    if (text) count(`${name}: ${text}`);
  }
  return found;
}

const MEASURES = new Set(["x", "y", "width", "height", "resolution", "size"]);

const nameOf = (node) => `${node.namespaceURI ? `{${node.namespaceURI}}` : ""}${node.localName}`;

/** A way-point that says it is a point, and a drawing of what is not in the file, say nothing. */
function says(document, attribute, element) {
  if (element.localName === "waypoint" && attribute.localName === "type") return false;
  if (attribute.localName !== "bpmnElement" || attribute.value.includes(":")) return true;
  return document.querySelector(`[id="${CSS.escape(attribute.value)}"]`) !== null;
}

/** Values that name a type or an element by prefix mean the name, and 1.0 and 1 are one number. */
function meant(element, { localName, value }) {
  const [, prefix, local] = /^([\w-]+):([\w.-]+)$/.exec(value) ?? [];
  const namespace = prefix && element.lookupNamespaceURI(prefix);
  if (namespace) return `{${namespace}}${local}`;
  if (/^-?\d+(\.\d+)?$/.test(value) && MEASURES.has(localName)) return String(Number(value));
  return value.replace(/\s+/g, " ").trim();
}

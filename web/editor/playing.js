// A counter-example on the drawing: the way of a token, element by element, to where it goes wrong.

const STEP = 700; // ms an element; a person can follow that, and the whole way stays in sight afterwards

let turn = 0;

/** @param {string[]} path ids of elements in order */
export async function play(modeler, path, say, translate) {
  const mine = ++turn;
  const canvas = modeler.get("canvas");
  const registry = modeler.get("elementRegistry");
  registry.forEach((element) => ["played", "played-last"].forEach((marker) => canvas.removeMarker(element, marker)));
  const shown = path.filter((id) => registry.get(id));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const [place, id] of shown.entries()) {
    if (mine !== turn) return; // somebody started another
    const element = registry.get(id);
    canvas.addMarker(element, place === shown.length - 1 ? "played-last" : "played");
    const flow = element.incoming?.find(({ source }) => source?.id === shown[place - 1]);
    if (flow) canvas.addMarker(flow, "played");
    canvas.scrollToElement(element);
    const name = element.businessObject.name || id;
    say(translate("Step {number} of {count}: {name}", { number: place + 1, count: shown.length, name }));
    if (!still) await new Promise((done) => setTimeout(done, STEP));
  }
}

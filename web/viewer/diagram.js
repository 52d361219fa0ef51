// One case on its diagram: life cycle of a figure
//   1. fetch the drawing (BPMN) and the case's marks (JSON) side by side
//   2. import the drawing; an element that the marks name and the drawing lacks is passed over
//   3. mark what is finished, what waits and what is late: by outline, by line and by a sign, never by colour alone;
//      a folded sub-process bears the most pressing mark of what is in it
//   4. look at the place where the case stands, and let buttons, arrow keys and dragging move the view; the arrow on a
//      folded sub-process leads into it, and the links above the drawing lead out again
//
// The mouse wheel is left to the page: a figure that swallows scrolling is a trap.

import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { dragByTouch } from "./touch.js";

const SIGNS = { done: "✓", waiting: "●", late: "!" };
const MARGIN = 40;

/**
 * @typedef {{ state: "done" | "waiting" | "late", text: string }} Mark
 * @typedef {{ elements: Record<string, Mark>, flows: string[] }} Marks
 */

/**
 * @param {HTMLElement} figure with `data-drawing` and `data-marks` (addresses) and a `[data-canvas]` child
 * @returns {Promise<NavigatedViewer>}
 */
export async function show(figure) {
  const canvasNode = figure.querySelector("[data-canvas]");
  const [drawing, marks] = await Promise.all([
    read(figure.dataset.drawing).then((response) => response.text()),
    read(figure.dataset.marks).then((response) => response.json()),
  ]);
  canvasNode.hidden = false;
  const viewer = new NavigatedViewer({
    container: canvasNode,
    zoomScroll: { enabled: false },
    // The arrow into a folded sub-process is called what the sub-process is called, in whatever language that is.
    additionalModules: [{ translate: ["value", (text, values) => values?.element ?? text] }],
  });
  await viewer.importXML(drawing);
  describe(viewer, figure);
  spread(viewer, marks);
  mark(viewer, marks);
  followPlanes(viewer);
  lookAtCase(viewer, marks);
  wireButtons(viewer, figure, marks);
  dragByTouch(viewer, canvasNode);
  figure.dataset.drawn = "";
  return viewer;
}

async function read(address) {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return response;
}

/** Screen readers get the figure's words instead of the drawing's hundreds of shapes. */
function describe(viewer, figure) {
  const container = viewer.get("canvas").getContainer();
  const svg = container.querySelector(":scope > svg"); // the arrows of folded sub-processes are svg too
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", figure.dataset.label ?? "");
}

const URGENCY = ["done", "waiting", "late"];

/** Carries what waits inside folded sub-processes out to them, plane by plane. @param {Marks} marks */
function spread(viewer, marks) {
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  for (const [id, its] of Object.entries(marks.elements)) {
    if (its.state === "done") continue;
    let shape = registry.get(id);
    while (shape) {
      // The plane of a folded sub-process shows the same element as the shape that leads there.
      const folded = canvas.findRoot(shape)?.businessObject?.id;
      shape = folded === shape.id ? null : registry.get(folded);
      if (!shape || !canvas.findRoot(shape) || canvas.findRoot(shape) === shape) break;
      const known = marks.elements[shape.id];
      if (!known || URGENCY.indexOf(known.state) < URGENCY.indexOf(its.state)) marks.elements[shape.id] = { ...its };
    }
  }
}

/** Whoever goes into a sub-process, or out of it, sees all of the plane, and keeps the focus inside the figure. */
function followPlanes(viewer) {
  const canvas = viewer.get("canvas");
  const container = canvas.getContainer();
  let before = canvas.getRootElement();
  viewer.get("eventBus").on("root.set", 100, ({ element }) => {
    const left = before;
    before = element;
    requestAnimationFrame(() => {
      lookAtAll(viewer);
      const arrow = container.querySelector(`[data-container-id="${CSS.escape(left.businessObject.id)}"] .bjs-drilldown`);
      (arrow?.checkVisibility() ? arrow : container.querySelector(".bjs-breadcrumbs a"))?.focus();
    });
  });
}

/** @param {Marks} marks */
function mark(viewer, marks) {
  const canvas = viewer.get("canvas");
  const overlays = viewer.get("overlays");
  const registry = viewer.get("elementRegistry");
  for (const id of marks.flows) if (registry.get(id)) canvas.addMarker(id, "case-done");
  for (const [id, { state, text }] of Object.entries(marks.elements)) {
    if (!registry.get(id)) continue;
    canvas.addMarker(id, `case-${state}`);
    overlays.add(id, { position: { top: -12, right: 14 }, html: sign(state, text), show: { minZoom: 0.3 } });
  }
}

function sign(state, text) {
  const node = document.createElement("span");
  node.className = `case-sign case-sign-${state}`;
  node.title = text;
  node.setAttribute("aria-hidden", "true");
  node.textContent = SIGNS[state];
  return node;
}

/** Letters of 12 px must stay readable: nothing is shown smaller than this of its own accord. */
const SMALLEST = 0.8;

/** What waits, or what of it is most pressing when it lies too far apart; the whole drawing when nothing waits. */
function lookAtCase(viewer, marks) {
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  showMainPlane(canvas);
  const waiting = Object.entries(marks.elements)
    .filter(([, { state }]) => state !== "done")
    .sort(([, one], [, other]) => (one.state === "late" ? 0 : 1) - (other.state === "late" ? 0 : 1))
    .map(([id]) => registry.get(id))
    .filter((shape) => shape && canvas.findRoot(shape) === canvas.getRootElement());
  if (waiting.length === 0) return lookAtAll(viewer);
  const { outer } = canvas.viewbox();
  const all = around(waiting);
  const box = scaleOf(all, outer) < SMALLEST ? around(waiting.slice(0, 1)) : all;
  const scale = Math.max(SMALLEST, Math.min(1, scaleOf(box, outer)));
  const width = outer.width / scale;
  const height = outer.height / scale;
  canvas.viewbox({
    x: (box.left + box.right - width) / 2,
    y: (box.top + box.bottom - height) / 2,
    width,
    height,
  });
}

/** The whole process is the plane that no other leads to. */
function showMainPlane(canvas) {
  const main = canvas.getRootElements().find((root) => root.businessObject && !root.businessObject.$instanceOf("bpmn:SubProcess"));
  if (main && main !== canvas.getRootElement()) canvas.setRootElement(main);
}

function around(shapes) {
  return {
    left: Math.min(...shapes.map((shape) => shape.x)) - MARGIN,
    top: Math.min(...shapes.map((shape) => shape.y)) - MARGIN,
    right: Math.max(...shapes.map((shape) => shape.x + shape.width)) + MARGIN,
    bottom: Math.max(...shapes.map((shape) => shape.y + shape.height)) + MARGIN,
  };
}

function scaleOf(box, outer) {
  return Math.min(outer.width / (box.right - box.left), outer.height / (box.bottom - box.top));
}

function lookAtAll(viewer) {
  viewer.get("canvas").zoom("fit-viewport", "auto");
}

function wireButtons(viewer, figure, marks) {
  const zoom = viewer.get("zoomScroll");
  const actions = {
    in: () => zoom.stepZoom(1),
    out: () => zoom.stepZoom(-1),
    all: () => {
      showMainPlane(viewer.get("canvas"));
      lookAtAll(viewer);
    },
    case: () => lookAtCase(viewer, marks),
  };
  const bar = figure.querySelector("[data-controls]");
  if (!bar) return;
  bar.hidden = false;
  bar.addEventListener("click", (event) => actions[event.target.closest("button")?.dataset.view]?.());
}

// One case on its diagram: life cycle of a figure
//   1. fetch the drawing (BPMN) and the case's marks (JSON) side by side
//   2. import the drawing; an element that the marks name and the drawing lacks is passed over
//   3. mark what is finished, what waits and what is late: by outline, by line and by a sign, never by colour alone
//   4. look at the place where the case stands, and let buttons, arrow keys and dragging move the view
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
  const viewer = new NavigatedViewer({ container: canvasNode, zoomScroll: { enabled: false } });
  await viewer.importXML(drawing);
  describe(viewer, figure);
  mark(viewer, marks);
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
  const svg = container.querySelector("svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", figure.dataset.label ?? "");
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
    all: () => lookAtAll(viewer),
    case: () => lookAtCase(viewer, marks),
  };
  const bar = figure.querySelector("[data-controls]");
  if (!bar) return;
  bar.hidden = false;
  bar.addEventListener("click", (event) => actions[event.target.closest("button")?.dataset.view]?.());
}

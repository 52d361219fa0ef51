// bpmn-js moves the drawing with a mouse only. With a finger, sideways moves the drawing and up or down moves the
// page (touch-action: pan-y in viewer.css), so that nobody gets caught in the figure on the way down a telephone.

/**
 * @param {import("bpmn-js/lib/NavigatedViewer").default} viewer
 * @param {HTMLElement} node the element that is touched
 */
export function dragByTouch(viewer, node) {
  let lastX = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") lastX = event.clientX;
  });
  node.addEventListener("pointermove", (event) => {
    if (lastX === null) return;
    viewer.get("canvas").scroll({ dx: event.clientX - lastX, dy: 0 });
    lastX = event.clientX;
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    node.addEventListener(end, () => (lastX = null));
  }
}

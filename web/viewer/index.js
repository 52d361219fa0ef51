// Draws the diagrams of a page when they are about to be seen. Most visits are for the words above them,
// so the drawing library is fetched only then. Without JavaScript the figure's own words stand alone.

/** @param {HTMLElement} figure */
async function draw(figure) {
  const { show } = await import("./diagram.js");
  await show(figure);
}

/** @param {string} href a stylesheet the drawing needs, attached once */
function attachStyle(href) {
  if (!href || document.querySelector(`link[href="${CSS.escape(href)}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}

const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      attachStyle(target.dataset.style);
      draw(target).catch((error) => {
        // The words below the figure say the same, so a failed drawing costs nothing but the drawing.
        target.querySelector("[data-canvas]").hidden = true;
        console.warn("The diagram could not be drawn.", error);
      });
    }
  },
  { rootMargin: "300px" },
);

for (const figure of document.querySelectorAll("[data-diagram]")) observer.observe(figure);

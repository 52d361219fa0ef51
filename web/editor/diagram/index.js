// The drawing: bpmn-js with the properties panel of Camunda 8. A bundle of its own, fetched when a .bpmn is opened.

import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from "bpmn-js-properties-panel";
import Modeler from "bpmn-js/lib/Modeler";
import zeebeBehaviors from "camunda-bpmn-js-behaviors/lib/camunda-cloud";
import zeebe from "zeebe-bpmn-moddle/resources/zeebe.json";

import { VariableResolver } from "../feel/variables.js";
import { translateModule } from "../language/index.js";
import palette from "./palette.js";
import properties from "./properties.js";
import { lostIn } from "./roundtrip.js";
import steps from "./steps.js";
import supported from "./supported.js";

/**
 * @param {{ canvas: HTMLElement, panel: HTMLElement, facts: import("../package.js").PackageFacts, language: string }} where
 */
export function makeDiagram({ canvas, panel, facts, language }) {
  const modeler = new Modeler({
    container: canvas,
    propertiesPanel: { parent: panel },
    moddleExtensions: { zeebe },
    additionalModules: [
      BpmnPropertiesPanelModule,
      BpmnPropertiesProviderModule,
      ZeebePropertiesProviderModule,
      zeebeBehaviors,
      steps,
      palette,
      supported,
      properties,
      translateModule(language),
      { variableResolver: ["type", VariableResolver], packageForms: ["value", facts], samledPackage: ["value", facts] },
    ],
  });
  // The entries of the palette have titles; their pictures add nothing.
  const hush = () => canvas.querySelectorAll(".djs-palette img").forEach((image) => (image.alt = ""));
  modeler.get("eventBus").on("palette.changed", hush);
  hush();
  return modeler;
}

/**
 * Draw a model. What the editor could not write back is told, so that nothing is lost in silence.
 * @returns {Promise<string[]>} parts of the model that would be lost
 */
export async function openModel(modeler, xml) {
  await modeler.importXML(xml);
  fit(modeler.get("canvas"));
  const { xml: written } = await modeler.saveXML({ format: true });
  return lostIn(xml, written);
}

const PALETTE = 110; // px that the palette takes at the left
const MARGIN = 30;

/** All of the drawing beside the palette, and nothing larger than it is. */
export function fit(canvas) {
  const { inner, outer } = canvas.viewbox();
  if (!inner.width || !outer.width) return;
  const scale = Math.min((outer.width - PALETTE - MARGIN) / inner.width, (outer.height - 2 * MARGIN) / inner.height, 1);
  const height = outer.height / scale;
  canvas.viewbox({ x: inner.x - PALETTE / scale, y: inner.y + (inner.height - height) / 2, width: outer.width / scale, height });
}

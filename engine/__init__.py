"""The engine: BPMN, time and persistence. Knows neither Flask nor web."""

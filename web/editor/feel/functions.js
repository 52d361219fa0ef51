// The functions that completion offers: those the server runs, and no others (docs/reference/feel.md). The bundle puts
// this module in the place of `@camunda/feel-builtins`, from which it takes the descriptions of what both have.
// A test asks the server for each name.

import { camundaBuiltins as described } from "@camunda/feel-builtins";

const OFFERED = new Set([
  "date", "time", "date and time", "duration", "years and months duration", "number", "string",
  "now", "today", "day of week", "day of year", "week of year", "month of year",
  "not", "all", "any", "is defined", "get or else",
  "substring", "string length", "upper case", "lower case", "substring before", "substring after", "replace", "contains",
  "matches", "starts with", "ends with", "split", "string join",
  "list contains", "list replace", "count", "min", "max", "sum", "mean", "median", "mode", "stddev", "product", "sublist",
  "append", "concatenate", "insert before", "remove", "reverse", "index of", "union", "distinct values", "flatten", "sort",
  "decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down", "abs", "modulo", "sqrt",
  "log", "exp", "odd", "even",
  "before", "after", "meets", "met by", "overlaps", "overlaps before", "overlaps after", "finishes", "finished by",
  "includes", "during", "starts", "started by", "coincides",
  "get value", "get entries", "context", "context put", "context merge",
]); // prettier-ignore

const own = (name, params, info) => ({ name, type: "function", params: params.map((param) => ({ name: param })), info: `<p>${info}</p>` });

const OURS = [
  own("deadline", ["name"], "The instant by which a deadline of the process is due, from now, on the unit's calendar."),
  own("deadline", ["name", "from"], "The same, from an instant or a date."),
  own("working days after", ["from", "n"], "The day n working days after a date."),
  own("next working day", ["date"], "The first working day after a date."),
  own("age", ["birth date", "on"], "Full years on a day."),
  own("next meeting", ["unit"], "When a unit, or the first that holds a role, meets next."),
  own("next meeting", ["unit", "from"], "The same, after an instant or a date."),
  own("units with role", ["name"], "The ids of the units that hold a role in the case."),
];

/** Ways of calling them that the server answers with a warning: name and number of values. */
const NOT_SO = new Set(["time/4", "date and time/2:timezone", "string join/4", "number/3"]);
const isRun = ({ name, params = [] }) => !NOT_SO.has(`${name}/${params.length}`) && !params.some((param) => NOT_SO.has(`${name}/${params.length}:${param.name}`));

/** A line for each name and each way of calling it. */
export const camundaBuiltins = [...described.filter((one) => OFFERED.has(one.name) && isRun(one)), ...OURS];
export const camundaReservedNameBuiltins = [];
export const feelBuiltins = camundaBuiltins;
export const camundaExtensions = OURS;

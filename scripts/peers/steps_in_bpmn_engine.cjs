// The same 23 human steps in bpmn-engine: in memory, and with its state as JSON forced to disk after each step.
// It keeps no task list, no history that can be asked, no permissions; every state holds the whole model.
const { Engine } = require("bpmn-engine");
const { EventEmitter } = require("node:events");
const fs = require("node:fs");
const path = require("node:path");

const [place, model] = process.argv.slice(2);
const ROUNDS = 5;
const CASES = 12;
const STEPS = 23;
const TEXT = "samtal med barnet och familjen om skolan ".repeat(13).slice(0, 512);
// plain.bpmn is written for SpiffWorkflow: its durations are Python text, its scripts Python.
const source = fs
  .readFileSync(model, "utf8")
  .replaceAll("&quot;", "")
  .replaceAll("<scriptTask ", '<scriptTask scriptFormat="javascript" ')
  .replace(/<script>(\w+) = (.*?)<\/script>/g, "<script>environment.output.$1 = $2; next();</script>");

async function run(durable) {
  let nanoseconds = 0n;
  for (let one = 0; one < CASES; one++) {
    const waiting = [];
    const listener = new EventEmitter();
    listener.on("activity.wait", (activity) => waiting.push(activity));
    const engine = new Engine({ name: `case ${one}`, source });
    await engine.execute({ listener });
    const file = fs.openSync(path.join(place, "state.json"), "w");
    for (let step = 0; step < STEPS; step++) {
      const began = process.hrtime.bigint();
      waiting.shift().signal({ text: TEXT });
      if (durable) {
        const state = JSON.stringify(await engine.getState());
        fs.ftruncateSync(file);
        fs.writeSync(file, state, 0);
        fs.fsyncSync(file);
      }
      nanoseconds += process.hrtime.bigint() - began;
    }
    fs.closeSync(file);
    if (waiting.length) throw new Error("more than 23 steps");
    engine.stop();
  }
  return (CASES * STEPS * 1e9) / Number(nanoseconds);
}

(async () => {
  const rates = { "in memory": [], "state to disk": [] };
  await run(true);
  for (let round = 0; round < ROUNDS; round++) {
    rates["in memory"].push(await run(false));
    rates["state to disk"].push(await run(true));
  }
  for (const [name, found] of Object.entries(rates)) {
    const median = found.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
    console.log(`bpmn-engine ${name}: ${median.toFixed(0)} human tasks/s`);
  }
})();

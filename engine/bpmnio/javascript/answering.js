// There is no console in the embedded engine, and these libraries write to it when they fail.
globalThis.console ??= { log() {}, warn() {}, error() {} };

/**
 * A function for Python: it starts, and leaves its answer as JSON text in `globalThis.answer` when the engine has no
 * more jobs to do: `{"value": …}` or `{"error": text}`.
 */
export function answering(work) {
  return (text) => {
    globalThis.answer = null;
    work(text).then(
      (value) => { globalThis.answer = JSON.stringify({ value }); },
      (error) => { globalThis.answer = JSON.stringify({ error: String(error?.message ?? error) }); }
    );
  };
}

// What the other files of the package say: its forms, roles and deadlines. Read anew when a file has changed.

export class PackageFacts {
  /** @param {import("./draft.js").Draft} draft */
  constructor(draft) {
    this.draft = draft;
    this.read = new Map();
  }

  /** @returns {{ id: string, title?: string, path: string, components: object[] }[]} */
  forms() {
    return Object.entries(this.draft.files)
      .filter(([path]) => path.endsWith(".form"))
      .map(([path, text]) => this.once(path, text, formOf))
      .filter(Boolean);
  }

  byId(id) {
    return (id && this.forms().find((form) => form.id === id)) || null;
  }

  /** Roles and deadlines as choices. */
  declared() {
    return this.once("process.toml", this.draft.files["process.toml"] ?? "", declaredIn);
  }

  once(path, text, read) {
    const known = this.read.get(path);
    if (known?.text === text) return known.facts;
    const facts = read(text, path);
    this.read.set(path, { text, facts });
    return facts;
  }
}

function formOf(text, path) {
  try {
    const form = JSON.parse(text);
    const title = form.components?.find(({ type }) => type === "text")?.text?.replace(/^#+\s*/, "").split("\n")[0];
    return { id: form.id, title: title ? `${title} (${form.id})` : form.id, components: form.components ?? [], path };
  } catch {
    return null; // the findings tell what is wrong with it
  }
}

/** Heads and titles only: the server reads process.toml, this offers its names. */
function declaredIn(text) {
  const found = { roles: [], deadlines: [] };
  let current = null;
  for (const line of text.split("\n")) {
    const head = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (head) {
      const [, kind, name] = /^(roles|deadlines)\."?([^".]+)"?$/.exec(head) ?? [];
      current = kind ? { value: name, label: name } : null;
      if (current) found[kind].push(current);
    }
    const title = /^\s*title\s*=\s*"([^"]*)"/.exec(line)?.[1];
    if (current && title) current.label = `${title} (${current.value})`;
  }
  return found;
}

// Sends a recording while it is being made (tus 1.0, the length told at the end). The bytes stay in this page's memory
// until they have arrived, so a lost connection loses nothing: after an error the server is asked where to go on. Each
// request ends where the recorder ended a part, and counts whole or not at all (its checksum): what is there can be played.
const MOST = 512 * 1024; // bytes of one request: little enough for a slow line
const EVERY = 4000; // milliseconds of recording that a closed tab can lose, at most
const PATIENCE = 120000;

export class Refused extends Error {
  constructor(status, kind) { super(String(status)); this.status = status; this.kind = kind; }
}

// `begin()` answers with the message's id; `told(state)` hears "sent", "waiting", "whole", and what ends it: "locked", "gone",
// "large", "refused"
export function sender({ address, begin, headers, name, told }) {
  const parts = [], ends = [];
  let made = 0, sent = 0, url = null, ended = false, whole = false, dropped = false, unsure = false, running = null, fails = 0, halted = false;
  const speak = { ...headers, "Tus-Resumable": "1.0.0" };
  const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  async function ask(method, where, more, body) {
    const answer = await fetch(where, { method, headers: { ...speak, ...more }, body, signal: AbortSignal.timeout?.(PATIENCE) });
    if (!answer.ok) throw new Refused(answer.status, answer.headers.get("X-Error"));
    return answer;
  }
  async function open() {
    const message = await begin();
    const metadata = `message ${encode(message)},filename ${encode(name)},position ${encode("1")},recorded ${encode("1")}`;
    const answer = await ask("POST", address, { "Upload-Defer-Length": "1", "Upload-Metadata": metadata });
    url = answer.headers.get("Location");
  }
  async function where() {
    const answer = await ask("HEAD", url, {});
    sent = Number(answer.headers.get("Upload-Offset"));
    whole = ended && sent === made && answer.headers.has("Upload-Length");
    unsure = false;
  }
  async function send() {
    const stop = ends.filter((end) => end > sent && end <= sent + MOST).pop() || ends.find((end) => end > sent) || made;
    const body = await new Blob(parts).slice(sent, stop).arrayBuffer();
    const sum = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", body))));
    const last = ended && stop === made ? { "Upload-Length": String(made) } : {};
    const more = { "Upload-Offset": String(sent), "Upload-Checksum": `sha256 ${sum}`, "Content-Type": "application/offset+octet-stream", ...last };
    const answer = await ask("PATCH", url, more, body);
    sent = Number(answer.headers.get("Upload-Offset"));
    whole = ended && stop === made;
  }
  const again = () => new Promise((done) => {
    const timer = setTimeout(done, Math.min(1000 * 2 ** fails, 15000));
    addEventListener("online", () => { clearTimeout(timer); done(); }, { once: true });
  });
  async function run() {
    while (!dropped && (sent < made || (ended && made && !whole))) {
      try {
        if (!url) await open();
        if (unsure) await where();
        if (sent < made || (ended && !whole)) await send();
        fails = 0;
        told("sent");
      } catch (error) {
        unsure = url !== null;
        const status = error.status || 0;
        const final = error.kind === "Refused" ? "refused" : { 403: "locked", 404: "gone", 410: "gone", 413: "large" }[status];
        if (final) { halted = true; told(final); return; }
        fails += 1;
        told("waiting");
        await again();
      }
    }
    if (whole) told("whole");
  }
  function start() {
    if (running || dropped || halted) return;
    running = run().finally(() => { running = null; });
  }
  const timer = setInterval(start, EVERY);
  return {
    push(blob) { parts.push(blob); made += blob.size; ends.push(made); if (made - sent >= MOST) start(); },
    flush() { halted = false; start(); },
    end() { ended = true; clearInterval(timer); start(); },
    share: () => (made ? sent / made : 0),
    isWhole: () => whole,
    recorded: (type) => new Blob(parts, { type }),
    // takes what has arrived away again; false if the server could not be told
    async drop() {
      dropped = true;
      clearInterval(timer);
      if (running) await Promise.race([running, new Promise((done) => setTimeout(done, 3000))]);
      parts.length = 0;
      if (!url) return true;
      try { await ask("DELETE", url, {}); } catch (error) { return [404, 410].includes(error.status); }
      return true;
    },
  };
}

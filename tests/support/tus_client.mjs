// tus-js-client under node, told by one JSON object on standard input what to do; says what came of it as JSON.
import { createRequire } from "node:module";
import { createReadStream, readFileSync } from "node:fs";
import { PassThrough } from "node:stream";

const told = JSON.parse(readFileSync(0, "utf8"));
const { Upload } = createRequire(told.library)("tus-js-client");
const sent = { requests: 0, bytes: 0 };

function upload(more = {}, { stopAfter, terminate = false } = {}) {
  return new Promise((done, failed) => {
    const source = told.stream ? createReadStream(told.file).pipe(new PassThrough()) : readFileSync(told.file);
    let stopped = false;
    const one = new Upload(source, {
      endpoint: told.endpoint,
      headers: told.headers,
      metadata: told.metadata,
      chunkSize: told.chunk,
      parallelUploads: 1,
      storeFingerprintForResuming: false,
      retryDelays: null,
      ...told.options,
      ...more,
      onBeforeRequest() { sent.requests += 1; },
      onChunkComplete(size, offset) {
        sent.bytes += size;
        if (stopAfter && offset >= stopAfter && !stopped) {
          stopped = true;
          one.abort(terminate).then(() => done({ url: one.url, stopped: offset }), failed);
        }
      },
      onError: failed,
      onSuccess: () => done({ url: one.url }),
    });
    one.start();
  });
}

try {
  let found;
  if (told.scenario === "resume") {
    const first = await upload({}, { stopAfter: told.stopAfter });
    found = { ...(await upload({ uploadUrl: first.url })), stopped: first.stopped };
  } else if (told.scenario === "terminate") {
    found = await upload({}, { stopAfter: told.stopAfter, terminate: true });
  } else if (told.scenario === "terminate-later") {
    found = await upload({}, { stopAfter: told.stopAfter });
    await Upload.terminate(found.url, { headers: told.headers, retryDelays: null });
  } else {
    found = await upload();
  }
  console.log(JSON.stringify({ ...found, ...sent }));
} catch (error) {
  const response = error.originalResponse;
  console.log(JSON.stringify({ error: String(error.message), status: response ? response.getStatus() : 0, ...sent }));
}

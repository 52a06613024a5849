// A real OpenID provider (npm oidc-provider) for the tests: whoever asks signs in under any name, with or without a
// second factor. Settings come as JSON on standard input; "ready" is printed once it listens.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const wanted = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(pathToFileURL(wanted.modules + "/"));
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

const provider = new Provider(wanted.issuer, {
  clients: wanted.clients,
  jwks: wanted.jwks,
  pkce: { required: () => true },
  claims: { openid: ["sub", "acr", "amr"] },
  conformIdTokenClaims: false,
  acrValues: ["basic", "strong"],
  cookies: { keys: [wanted.cookieKey] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  loadExistingGrant: async (ctx) => {
    const who = { clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId };
    const grant = new ctx.oidc.provider.Grant(who);
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  if (ctx.method === "GET") {
    ctx.type = "html";
    ctx.body = `<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1><form method="post">
<label>Name <input name="login"></label><label><input type="checkbox" name="mfa"> with a second factor</label>
<button>Sign in there</button><button name="no" value="1">Do not</button></form>`;
    return;
  }
  let sent = "";
  for await (const piece of ctx.req) sent += piece;
  const form = new URLSearchParams(sent);
  const mfa = form.has("mfa");
  const login = {
    accountId: form.get("login"), amr: mfa ? ["pwd", "otp", "mfa"] : ["pwd"], acr: mfa ? "strong" : "basic",
  };
  const refused = { error: "access_denied", error_description: "<b>raw words of the provider</b>" };
  await provider.interactionFinished(ctx.req, ctx.res, form.has("no") ? refused : { login });
  ctx.respond = false;
});

provider.listen(wanted.port, "127.0.0.1", () => console.log("ready"));

// A web server's app on @inrupt/solid-client-authn-node: authorization code, then refresh tokens.
// It prints the address of the log-in page on a first line, waits for the browser to come back, and reports.
// The document that says who it is lies in its maker's pod, as one without a site of their own would have it.
import { createServer } from "node:http";
import { EVENTS, refreshTokens, Session } from "@inrupt/solid-client-authn-node";
import { getFile, overwriteFile } from "@inrupt/solid-client";
import { setPublicAccess } from "@inrupt/solid-client/universal";
import { arguments_, report } from "./reporting.mjs";

const { anna, bruno } = arguments_();
const place = `${anna.storage}server-app/note.txt`;
const seen = {};
const kept = {};
const session = new Session({ keepAlive: false });
session.events.on(EVENTS.NEW_TOKENS, (tokens) => Object.assign(kept, tokens));

const server = createServer(async (request, response) => {
  if (!request.url.startsWith("/back")) {
    response.writeHead(404).end();
    return;
  }
  response.end("<title>back</title>");
  await session.handleIncomingRedirect(`${origin}${request.url}`);
  seen.webId = session.info.webId;
  const { fetch } = session;
  await overwriteFile(place, new Blob(["from a server"]), { contentType: "text/plain", fetch });
  seen.text = await (await getFile(place, { fetch })).text();

  // The server starts anew: what it had kept is enough.
  const later = await Session.fromTokens(await refreshTokens(kept));
  seen.later = [later.info.webId, await (await getFile(place, { fetch: later.fetch })).text()];
  report(seen);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://localhost:${server.address().port}`;
await session.login({
  oidcIssuer: anna.issuer,
  redirectUrl: `${origin}/back`,
  clientId: await introduced(bruno, `${bruno.storage}apps/server-app.jsonld`),
  handleRedirect: (url) => process.stdout.write(`${url}\n`),
});

async function introduced(maker, place) {
  const own = new Session();
  await own.login({ oidcIssuer: maker.issuer, clientId: maker.client_id, clientSecret: maker.client_secret });
  const document = {
    "@context": "https://www.w3.org/ns/solid/oidc-context.jsonld",
    client_id: place,
    client_name: "Server app",
    redirect_uris: [`${origin}/back`],
    scope: "openid webid offline_access",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  const { fetch } = own;
  const content = new Blob([JSON.stringify(document)]);
  await overwriteFile(place, content, { contentType: "application/ld+json", fetch });
  await setPublicAccess(place, { read: true }, { fetch });
  return place;
}

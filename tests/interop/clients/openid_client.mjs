// openid-client, a certified OpenID relying party that knows nothing of Solid: a web server's app, and a script.
// It prints the address of the log-in page on a first line; the browser comes back, is sent to log out, and comes back.
import { createServer } from "node:http";
import * as client from "openid-client";
import { arguments_, report, statusOf } from "./reporting.mjs";

const { anna } = arguments_();
const issuer = new URL(anna.issuer);
const onLoopback = { execute: [client.allowInsecureRequests] };
const note = new URL(`${anna.storage}relying/note.txt`);
const seen = {};
const state = client.randomState();
const nonce = client.randomNonce();
const verifier = client.randomPKCECodeVerifier();

const server = createServer(async (request, response) => {
  const url = new URL(request.url, origin);
  if (url.pathname === "/back") {
    const left = await used(url);
    response.writeHead(302, { location: left.href }).end();
  } else if (url.pathname === "/bye") {
    response.end("<title>bye</title>");
    seen.loggedOut = url.searchParams.get("state");
    await asScript();
    report(seen);
  } else {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://localhost:${server.address().port}`;
const config = await client.dynamicClientRegistration(
  issuer,
  {
    client_name: "Relying party",
    redirect_uris: [`${origin}/back`],
    post_logout_redirect_uris: [`${origin}/bye`],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "client_secret_basic",
  },
  undefined,
  onLoopback,
);
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
const asked = client.buildAuthorizationUrl(config, {
  redirect_uri: `${origin}/back`,
  scope: "openid webid offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  prompt: "consent",
  dpop_jkt: await DPoP.calculateThumbprint(),
  max_age: "600",
  nonce,
  state,
});
process.stdout.write(`${asked.href}\n`);

/** Use what the person allowed; return where the browser goes to log out. */
async function used(back) {
  const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state, maxAge: 600 };
  const tokens = await client.authorizationCodeGrant(config, back, checks, {}, { DPoP });
  const { sub } = tokens.claims();
  seen.claims = { sub, webid: tokens.claims().webid };
  seen.userinfo = (await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).webid;
  const written = await asPerson(tokens, "PUT", "kept", new Headers({ "content-type": "text/plain" }));
  seen.written = written.status;
  const later = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP });
  seen.rotated = later.refresh_token !== tokens.refresh_token;
  seen.read = await (await asPerson(later, "GET")).text();
  await client.tokenRevocation(config, later.refresh_token);
  seen.revoked = await statusOf(() => client.refreshTokenGrant(config, later.refresh_token, {}, { DPoP }));
  return client.buildEndSessionUrl(config, {
    id_token_hint: later.id_token ?? tokens.id_token,
    post_logout_redirect_uri: `${origin}/bye`,
    state: "left",
  });
}

function asPerson(tokens, method, body, headers) {
  return client.fetchProtectedResource(config, tokens.access_token, note, method, body, headers, { DPoP });
}

/** Use client credentials, with keys of other kinds than the usual one. */
async function asScript() {
  const own = await client.discovery(
    issuer, anna.client_id, undefined, client.ClientSecretBasic(anna.client_secret), onLoopback,
  );
  seen.scripts = {};
  for (const algorithm of ["ES256", "Ed25519", "PS256", "RS256"]) {
    const proofs = { DPoP: client.getDPoPHandle(own, await client.randomDPoPKeyPair(algorithm)) };
    const tokens = await client.clientCredentialsGrant(own, {}, proofs);
    const args = [own, tokens.access_token, note, "GET", undefined, undefined, proofs];
    seen.scripts[algorithm] = (await client.fetchProtectedResource(...args)).status;
  }
}

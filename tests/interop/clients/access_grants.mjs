// @inrupt/solid-client-access-grants, as it comes from npm: reads grants that we wrote, and writes a request that we read.
//
// Its server is not there: what it would fetch is handed to it, and what it sends is completed as that server does.
import {
  CredentialIsAccessGrantAny, getAccessGrant, getAccessModes, getAccessRequest, getExpirationDate, getId, getInherit,
  getIssuanceDate, getIssuer, getPurposes, getRequestor, getResourceOwner, getResources, getTypes, issueAccessRequest,
} from "@inrupt/solid-client-access-grants";

const { documents, request, endpoint } = JSON.parse(process.argv[2]);

const PROOF = {
  type: "Ed25519Signature2020",
  created: "2026-03-01T12:00:00Z",
  proofPurpose: "assertionMethod",
  proofValue: "z5iBktnPCr3hPqN7FViY948ds5yMhrL1qujMmVD1GmzsbtXw5RUCdu4GKrQZw8U9c4G78SUNmPLTS87tz6kGAHgXB",
  verificationMethod: `${endpoint}/key`,
};

function answer(url, body, status = 200) {
  const text = JSON.stringify(body);
  const response = new Response(text, { status, headers: { "content-type": "application/ld+json" } });
  Object.defineProperty(response, "url", { value: url });
  return response;
}

async function given(input, options = {}) {
  const url = String(input.url ?? input);
  if (options.method === "POST") {
    const { credential } = JSON.parse(options.body);
    return answer(url, {
      ...credential,
      // The server knows who asks by their token.
      credentialSubject: { ...credential.credentialSubject, id: request.requestor },
      type: [credential.type].flat(),
      id: `${endpoint}/vc/1`,
      issuer: endpoint,
      issuanceDate: credential.issuanceDate ?? "2026-03-01T12:00:00Z",
      proof: PROOF,
    }, 201);
  }
  const known = documents?.find((one) => one.id === url);
  return known ? answer(url, { ...known, proof: PROOF }) : answer(url, {}, 404);
}

// What the server says of itself is asked for without a session.
globalThis.fetch = async (input) => answer(String(input), { "@context": [] });

const told = { read: [] };
for (const document of documents ?? []) {
  const asks = document.type.includes("SolidAccessRequest");
  const found = await (asks ? getAccessRequest : getAccessGrant)(document.id, { fetch: given });
  told.read.push({
    id: getId(found),
    types: getTypes(found),
    issuer: getIssuer(found),
    issued: getIssuanceDate(found).toISOString(),
    ends: getExpirationDate(found)?.toISOString(),
    owner: getResourceOwner(found),
    requestor: getRequestor(found),
    resources: getResources(found),
    purposes: getPurposes(found),
    modes: getAccessModes(found),
    inherit: getInherit(found),
  });
}
if (request) {
  const issued = await issueAccessRequest(
    { ...request, access: { read: true }, expirationDate: new Date(request.expirationDate), inherit: false },
    { accessEndpoint: endpoint, fetch: given },
  );
  const { proof, ...plain } = JSON.parse(JSON.stringify(issued));
  told.issued = plain;
}
console.log(JSON.stringify(told));

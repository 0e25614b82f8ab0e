// @inrupt/solid-client: who may do what, by access control lists and by the library's universal access module.
import { Session } from "@inrupt/solid-client-authn-node";
import * as solid from "@inrupt/solid-client";
import * as universal from "@inrupt/solid-client/universal";
import { arguments_, report, statusOf } from "./reporting.mjs";

const { anna, bruno } = arguments_();
const owner = await loggedIn(anna);
const friend = await loggedIn(bruno);
const box = `${anna.storage}shared/`;
const place = `${box}list`;
const seen = {};

await solid.createContainerAt(box, owner);
await solid.saveSolidDatasetAt(place, solid.createSolidDataset(), owner);

// Access control lists: made from the inherited one, then read back, then taken away.
let withAcl = await solid.getSolidDatasetWithAcl(place, owner);
seen.ownListBefore = solid.hasResourceAcl(withAcl);
seen.fallback = solid.hasFallbackAcl(withAcl) && solid.getAgentAccess(withAcl, anna.webid);
let acl = solid.createAclFromFallbackAcl(withAcl);
const readOnly = { read: true, append: false, write: false, control: false };
acl = solid.setAgentResourceAccess(acl, bruno.webid, readOnly);
seen.friendBefore = await statusOf(() => solid.getSolidDataset(place, friend));
await solid.saveAclFor(withAcl, acl, owner);
seen.friendAfter = await statusOf(() => solid.getSolidDataset(place, friend));
withAcl = await solid.getSolidDatasetWithAcl(place, owner);
seen.agents = solid.getAgentAccessAll(withAcl);
acl = solid.setPublicResourceAccess(solid.getResourceAcl(withAcl), readOnly);
await solid.saveAclFor(withAcl, acl, owner);
seen.publicAfter = await statusOf(() => solid.getSolidDataset(place));
seen.friendSees = solid.getEffectiveAccess(await solid.getResourceInfo(place, friend));
seen.friendReadsAcl = await statusOf(() => solid.getSolidDataset(`${place}.acl`, friend));
await solid.deleteAclFor(withAcl, owner);
seen.publicAtLast = await statusOf(() => solid.getSolidDataset(place));

// The same through universal access, on the container.
const append = { read: true, append: true };
seen.universal = await universal.setAgentAccess(box, bruno.webid, append, owner);
seen.universalPublic = await universal.setPublicAccess(box, { read: true }, owner);
seen.universalRead = await universal.getPublicAccess(box, owner);
seen.universalAgents = Object.keys(await universal.getAgentAccessAll(box, owner)).sort();
seen.friendPosts = await statusOf(() =>
  solid.saveSolidDatasetInContainer(box, solid.createSolidDataset(), friend));
seen.publicReadsBox = await statusOf(() => solid.getSolidDataset(box));
seen.publicReadsMember = await statusOf(() => solid.getSolidDataset(place));
await universal.setAgentAccess(box, bruno.webid, { read: false, append: false }, owner);
await universal.setPublicAccess(box, { read: false }, owner);
seen.friendPostsNoMore = await statusOf(() =>
  solid.saveSolidDatasetInContainer(box, solid.createSolidDataset(), friend));
seen.ownerStillReads = await statusOf(() => solid.getSolidDataset(box, owner));
report(seen);

async function loggedIn({ issuer, client_id: clientId, client_secret: clientSecret }) {
  const session = new Session();
  await session.login({ oidcIssuer: issuer, clientId, clientSecret });
  return { fetch: session.fetch };
}

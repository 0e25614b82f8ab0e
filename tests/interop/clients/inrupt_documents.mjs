// @inrupt/solid-client with @inrupt/solid-client-authn-node: log in by client credentials, then the day's work.
import { Session } from "@inrupt/solid-client-authn-node";
import * as solid from "@inrupt/solid-client";
import { arguments_, report, statusOf } from "./reporting.mjs";

const { issuer, client_id: clientId, client_secret: clientSecret, storage, webid } = arguments_().anna;
const session = new Session();
await session.login({ oidcIssuer: issuer, clientId, clientSecret, tokenType: "DPoP" });
const { fetch } = session;
const options = { fetch };
const NAME = "http://xmlns.com/foaf/0.1/name";
const seen = { webId: session.info.webId };

// The profile, and what is found from it.
const profile = await solid.getSolidDataset(webid, options);
seen.name = solid.getStringNoLocale(solid.getThing(profile, webid), NAME);
seen.storages = await solid.getPodUrlAll(webid, options);

// Containers: by PUT, and by POST with a suggested name.
const box = `${storage}inrupt/`;
seen.container = solid.getSourceUrl(await solid.createContainerAt(box, options));
const inner = await solid.createContainerInContainer(box, { slugSuggestion: "inner", ...options });
seen.inner = solid.getSourceUrl(inner);

// A dataset: created, read back, changed through the library's change log, read again.
const place = `${box}note`;
const it = `${place}#it`;
let note = solid.createSolidDataset();
note = solid.setThing(note, solid.buildThing({ url: it }).addStringNoLocale(NAME, "first").build());
await solid.saveSolidDatasetAt(place, note, options);
note = await solid.getSolidDataset(place, options);
const first = solid.getThing(note, it);
seen.first = [solid.getStringNoLocale(first, NAME), solid.getSourceUrl(note) === place];
const changed = solid.buildThing(first).setStringNoLocale(NAME, "second").addInteger("http://e/n", 7).build();
await solid.saveSolidDatasetAt(place, solid.setThing(note, changed), options);
const second = solid.getThing(await solid.getSolidDataset(place, options), it);
seen.changed = [solid.getStringNoLocaleAll(second, NAME), solid.getInteger(second, "http://e/n")];

// A member made by POST.
const member = solid.buildThing({ name: "it" }).addStringNoLocale(NAME, "posted").build();
const suggestion = { slugSuggestion: "posted", ...options };
seen.posted = solid.getSourceUrl(
  await solid.saveSolidDatasetInContainer(box, solid.setThing(solid.createSolidDataset(), member), suggestion));

// Files.
const file = `${box}photo.bin`;
const photo = new Blob([new Uint8Array([0, 1, 2, 253])]);
await solid.overwriteFile(file, photo, { contentType: "application/octet-stream", ...options });
const read = await solid.getFile(file, options);
seen.file = [read.type, Array.from(new Uint8Array(await read.arrayBuffer()))];
const text = new Blob(["hello"], { type: "text/plain" });
seen.savedFile = solid.getSourceUrl(await solid.saveFileInContainer(box, text, { slug: "hello.txt", ...options }));
seen.contentType = solid.getContentType(await solid.getResourceInfo(file, options));
seen.contained = solid.getContainedResourceUrlAll(await solid.getSolidDataset(box, options)).sort();
const info = await solid.getResourceInfo(file, options);
seen.isContainer = [solid.isContainer(await solid.getResourceInfo(box, options)), solid.isRawData(info)];
seen.effectiveAccess = solid.getEffectiveAccess(info);
seen.linked = solid.getLinkedResourceUrlAll(info);

// Gone again.
await solid.deleteFile(file, options);
seen.deleted = await statusOf(() => solid.getFile(file, options));
await solid.deleteContainer(`${box}inner/`, options);
seen.full = await statusOf(() => solid.deleteContainer(box, options));
await solid.deleteSolidDataset(place, options);
for (const left of solid.getContainedResourceUrlAll(await solid.getSolidDataset(box, options))) {
  await solid.deleteFile(left, options);
}
await solid.deleteContainer(box, options);
seen.emptied = await statusOf(() => solid.getSolidDataset(box, options));
seen.stranger = await statusOf(() => solid.getSolidDataset(storage));
await session.logout();
seen.after = await statusOf(() => solid.getSolidDataset(storage, { fetch: session.fetch }));
report(seen);

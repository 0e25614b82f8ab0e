// @ldo/connected-solid, the layer under LDO's React apps: resources that stay connected, rights, notifications.
import { Session } from "@inrupt/solid-client-authn-node";
import { createSolidLdoDataset, getStorageFromWebId } from "@ldo/connected-solid";
import { DataFactory } from "n3";
import { arguments_, report } from "./reporting.mjs";

const { anna, bruno } = arguments_();
const { literal, namedNode, quad } = DataFactory;
const LABEL = namedNode("http://www.w3.org/2000/01/rdf-schema#label");
const NOTHING = { read: false, append: false, write: false, control: false };
const ALL = { read: true, append: true, write: true, control: true };
const session = await opened(anna);
const friend = await opened(bruno);
const dataset = createSolidLdoDataset();
dataset.setContext("solid", { fetch: session.fetch });
const seen = {};

seen.root = (await dataset.getResource(anna.webid).getRootContainer()).uri;
const storages = await getStorageFromWebId(anna.webid, dataset);
seen.storages = storages.storageContainers.map((one) => one.uri);

// Containers, documents and files below them; statements that are added and taken away.
const box = dataset.getResource(`${anna.storage}connected/`);
const place = `${box.uri}note.ttl`;
const it = namedNode(`${place}#it`);
const note = dataset.getResource(place);
seen.made = [
  await box.createIfAbsent(),
  await box.createChildIfAbsent("note.ttl"),
  await box.createChildIfAbsent("deep/"),
  await box.uploadChildIfAbsent("photo.png", new Blob(["png"], { type: "image/png" }), "image/png"),
].map((one) => one.type);
seen.changed = [await changed([], ["One"]), await changed(["One"], ["Two", "Three"])];
await box.read();
seen.members = box.children().map((one) => one.uri.slice(box.uri.length)).sort();
seen.labels = await labels();

// Rights: somebody else may read one document, and then may not.
seen.strangers = (await friend.fetch(place)).status;
const rule = { public: NOTHING, authenticated: NOTHING, agent: { [anna.webid]: ALL } };
seen.given = (await note.setWac({ ...rule, agent: { ...rule.agent, [bruno.webid]: { ...NOTHING, read: true } } })).type;
seen.friend = (await friend.fetch(place)).status;
await note.setWac(rule);
seen.taken = (await friend.fetch(place)).status;

// What somebody else writes comes in by itself.
await new Promise(async (heard, failed) => {
  await note.subscribeToNotifications({ onNotification: heard, onNotificationError: failed });
  const answer = await session.fetch(place, {
    method: "PATCH",
    headers: { "content-type": "application/sparql-update" },
    body: `INSERT DATA { <#it> <${LABEL.value}> "Told" }`,
  });
  if (!answer.ok) failed(new Error(`${answer.status}`));
});
await note.read();
seen.told = shown();

// It takes 205 alone for a deletion (HTTP says 200, 202 or 204), and so reports an error for what it has done.
seen.deletion = (await note.delete()).type;
seen.deleted = (await session.fetch(place)).status;
report(seen);

async function changed(removed, added) {
  const transaction = dataset.startTransaction();
  for (const text of removed) transaction.delete(statement(text));
  for (const text of added) transaction.add(statement(text));
  return (await quietly(() => transaction.commitToRemote())).type;
}

/** Call while the library's own messages go nowhere: what stands on stdout is our report. */
async function quietly(call) {
  const { log } = console;
  console.log = () => {};
  try {
    return await call();
  } finally {
    console.log = log;
  }
}

function statement(text) {
  return quad(it, LABEL, literal(text), namedNode(place));
}

async function labels() {
  return (await (await session.fetch(place)).text()).match(/"[^"]*"/g).sort();
}

function shown() {
  return [...dataset.match(it, LABEL)].map((one) => one.object.value).sort();
}

async function opened({ issuer, client_id: clientId, client_secret: clientSecret }) {
  const one = new Session();
  await one.login({ oidcIssuer: issuer, clientId, clientSecret });
  return one;
}

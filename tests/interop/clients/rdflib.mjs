// rdflib.js, the library under the databrowser and many apps: its fetcher and its update manager.
import { Session } from "@inrupt/solid-client-authn-node";
import { Fetcher, graph, lit, Namespace, st, sym, UpdateManager } from "rdflib";
import { arguments_, report, statusOf } from "./reporting.mjs";

const { anna, bruno } = arguments_();
const FOAF = Namespace("http://xmlns.com/foaf/0.1/");
const LDP = Namespace("http://www.w3.org/ns/ldp#");
const seen = {};
const mine = await opened(anna);

await mine.store.fetcher.load(sym(anna.webid).doc());
seen.name = mine.store.anyValue(sym(anna.webid), FOAF("name"));
seen.profileIsEditable = mine.store.updater.editable(sym(anna.webid).doc().value, mine.store);

// A document that is not there yet: put, then changed by statements.
const book = sym(`${anna.storage}contacts/book`);
const it = sym(`${book.value}#it`);
seen.missing = await statusOf(() => mine.store.fetcher.load(book));
await new Promise((done, fail) => {
  const content = [st(it, FOAF("name"), lit("Book"), book)];
  mine.store.updater.put(book, content, "text/turtle", (_, ok, body) => (ok ? done() : fail(new Error(body))));
});
await mine.store.fetcher.load(book, { force: true });
seen.editable = mine.store.updater.editable(book.value, mine.store);
await mine.store.updater.update([], [st(it, FOAF("nick"), lit("one"), book)]);
await mine.store.updater.update(
  [st(it, FOAF("nick"), lit("one"), book)],
  [st(it, FOAF("nick"), lit("two"), book), st(it, FOAF("age"), lit("7"), book)],
);
const late = await opened(anna);
await late.store.fetcher.load(book);
seen.nick = late.store.each(it, FOAF("nick"), null, book).map((node) => node.value);

// A document that an update creates; containers and their members.
const fresh = sym(`${anna.storage}contacts/fresh`);
await statusOf(() => mine.store.fetcher.load(fresh));
await mine.store.updater.update([], [st(sym(`${fresh.value}#it`), FOAF("name"), lit("Fresh"), fresh)]);
await mine.store.fetcher.createContainer(`${anna.storage}contacts/`, "people");
const box = sym(`${anna.storage}contacts/`);
await mine.store.fetcher.load(box, { force: true });
seen.members = mine.store.each(box, LDP("contains"), null, box).map((node) => node.value).sort();
await mine.store.fetcher.delete(fresh.value);
seen.deleted = await statusOf(() => late.store.fetcher.load(fresh));

// Somebody else sees that it is not for them.
const theirs = await opened(bruno);
seen.friend = await statusOf(() => theirs.store.fetcher.load(book));
seen.permissions = mine.store.fetcher.getHeader(book, "wac-allow");
report(seen);

async function opened({ issuer, client_id: clientId, client_secret: clientSecret }) {
  const session = new Session();
  await session.login({ oidcIssuer: issuer, clientId, clientSecret });
  const store = graph();
  store.fetcher = new Fetcher(store, { fetch: session.fetch });
  store.updater = new UpdateManager(store);
  return { store };
}

// soukai-solid, the models under Umai, Media Kraken and Focus: containers, documents with a history, type indexes.
import { Session } from "@inrupt/solid-client-authn-node";
import { bootModels, FieldType, setEngine } from "soukai";
import { bootSolidModels, defineSolidModelSchema, SolidContainer, SolidEngine } from "soukai-solid";
import { arguments_, report } from "./reporting.mjs";

const { anna } = arguments_();
const session = new Session();
await session.login({ oidcIssuer: anna.issuer, clientId: anna.client_id, clientSecret: anna.client_secret });

class Film extends defineSolidModelSchema({
  rdfContexts: { schema: "https://schema.org/" },
  rdfsClass: "schema:Movie",
  timestamps: true,
  history: true,
  tombstone: false,
  fields: {
    title: { type: FieldType.String, required: true, rdfProperty: "schema:name" },
    tags: { type: FieldType.Array, items: { type: FieldType.String }, rdfProperty: "schema:keywords" },
  },
}) {}

bootSolidModels();
bootModels({ Film });
setEngine(new SolidEngine(session.fetch));
const seen = {};

const made = new SolidContainer({ url: `${anna.storage}films/`, name: "Films" });
await made.save();
const box = await SolidContainer.find(made.url);
seen.name = box.name;
await box.update({ name: "Cinema" });
seen.renamed = (await SolidContainer.find(made.url)).name;

const film = new Film({ title: 'Il "sorpasso"', tags: ["road", "comedy"] });
await film.save(made.url);
await film.update({ title: "Il sorpasso", tags: ["comedy", "1962"] });
const found = await Film.find(film.url);
seen.film = [found.title, [...found.tags].sort()];
seen.history = found.operations.length > 0;
seen.all = (await Film.from(made.url).all()).map((one) => one.title);

const index = `${anna.storage}settings/privateTypeIndex.ttl`;
await box.register(index, Film);
seen.registered = (await SolidContainer.fromTypeIndex(index, Film)).map((one) => one.url);

const place = film.getDocumentUrl();
seen.stranger = [(await fetch(place)).status];
await film.fetchPublicPermissions();
for (const permissions of [["read"], []]) {
  await film.updatePublicPermissions(permissions);
  seen.stranger.push((await fetch(place)).status);
}

await film.delete();
seen.deleted = (await session.fetch(place)).status;
report(seen);

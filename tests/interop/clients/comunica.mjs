// Comunica: SPARQL over documents of a pod, by links through a whole pod, and updates of a document.
import { QueryEngine as Follower } from "@comunica/query-sparql-link-traversal-solid";
import { QueryEngine } from "@comunica/query-sparql-solid";
import { Session } from "@inrupt/solid-client-authn-node";
import { arguments_, report, statusOf } from "./reporting.mjs";

const { anna } = arguments_();
const session = new Session();
await session.login({
  oidcIssuer: anna.issuer,
  clientId: anna.client_id,
  clientSecret: anna.client_secret,
});
const asAnna = { "@comunica/actor-http-inrupt-solid-client-authn:session": session };
const engine = new QueryEngine();
const seen = {};

// Public: the profile.
seen.name = await column(engine, `SELECT ?v { <${anna.webid}> <http://xmlns.com/foaf/0.1/name> ?v }`, {
  sources: [anna.webid],
});

// Private: documents with the owner's session, and without it.
const bread = `${anna.storage}shopping/bread`;
for (const [place, name] of [[bread, "Bread"], [`${anna.storage}shopping/deep/milk`, "Milk"]]) {
  await put(place, `<#it> a <http://schema.org/Product>; <http://schema.org/name> "${name}".`);
}
const names = "SELECT ?v { ?it a <http://schema.org/Product>; <http://schema.org/name> ?v } ORDER BY ?v";
seen.one = await column(engine, names, { sources: [bread], ...asAnna });
seen.stranger = await statusOf(() => column(new QueryEngine(), names, { sources: [bread] }));

// By links: from the container down, and from the profile through the type index.
const follower = new Follower();
seen.container = await column(follower, names, {
  sources: [`${anna.storage}shopping/`], lenient: true, ...asAnna,
});
const index = `${anna.storage}settings/publicTypeIndex.ttl`;
await session.fetch(index, {
  method: "PATCH",
  headers: { "content-type": "application/sparql-update" },
  body: `PREFIX solid: <http://www.w3.org/ns/solid/terms#> INSERT DATA {
    <#product> a solid:TypeRegistration; solid:forClass <http://schema.org/Product>;
      solid:instanceContainer <${anna.storage}shopping/> }`,
});
seen.typeIndex = await column(new Follower(), names, { sources: [anna.webid], lenient: true, ...asAnna });

// Updates: of a document that is there, and of one that is not.
const update = { sources: [bread], destination: bread, ...asAnna };
await engine.queryVoid(`INSERT DATA { <${bread}#it> <http://schema.org/color> "brown" }`, update);
await engine.invalidateHttpCache();
seen.inserted = await column(engine, `SELECT ?v { <${bread}#it> <http://schema.org/color> ?v }`, {
  sources: [bread], ...asAnna,
});
await engine.invalidateHttpCache();
await engine.queryVoid(`DELETE { <${bread}#it> <http://schema.org/name> ?old }
  INSERT { <${bread}#it> <http://schema.org/name> "Rye bread" }
  WHERE { <${bread}#it> <http://schema.org/name> ?old }`, update);
await engine.invalidateHttpCache();
seen.replaced = await column(engine, names, { sources: [bread], ...asAnna });
const eggs = `${anna.storage}shopping/eggs`;
await engine.queryVoid(`INSERT DATA { <${eggs}#it> <http://schema.org/name> "Eggs" }`, {
  sources: [bread], destination: eggs, ...asAnna,
});
seen.created = await column(engine, `SELECT ?v { <${eggs}#it> <http://schema.org/name> ?v }`, {
  sources: [eggs], ...asAnna,
});
report(seen);

async function column(asked, query, context) {
  const rows = await (await asked.queryBindings(query, context)).toArray();
  return rows.map((row) => row.get("v").value);
}

async function put(place, turtle) {
  const answer = await session.fetch(place, {
    method: "PUT", headers: { "content-type": "text/turtle" }, body: turtle,
  });
  if (!answer.ok) {
    throw new Error(`${place}: ${answer.status} ${await answer.text()}`);
  }
}

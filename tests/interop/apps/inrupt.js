// A small Solid app on @inrupt/solid-client-authn-browser and @inrupt/solid-client, as their manuals have it.
import { getDefaultSession, handleIncomingRedirect, login, logout } from "@inrupt/solid-client-authn-browser";
import { getFile, overwriteFile } from "@inrupt/solid-client";

const parameters = new URLSearchParams(location.search);
const issuer = parameters.get("issuer") ?? sessionStorage.getItem("issuer");
const clientId = parameters.get("client") ?? sessionStorage.getItem("client") ?? "";
const show = (id, text) => {
  document.getElementById(id).textContent = text;
};
const on = (id, act) => {
  document.getElementById(id).onclick = () => act().catch((error) => show("said", `${error}`));
};
const options = () => ({ fetch: getDefaultSession().fetch });
const place = () => new URL("/anna/browser/note.txt", getDefaultSession().info.webId).href;

on("login", async () => {
  sessionStorage.setItem("issuer", issuer);
  sessionStorage.setItem("client", clientId);
  await login({
    oidcIssuer: issuer,
    redirectUrl: new URL("/", location.href).href,
    clientName: "Interop",
    ...(clientId ? { clientId } : {}),
  });
});
on("write", async () => {
  const text = new Blob([`written ${document.getElementById("text").value}`], { type: "text/plain" });
  await overwriteFile(place(), text, { contentType: "text/plain", ...options() });
  show("said", "written");
});
on("read", async () => show("said", await (await getFile(place(), options())).text()));
on("logout", async () => {
  await logout();
  show("who", "nobody");
});
on("leave", async () => logout({ logoutType: "idp", postLogoutUrl: new URL("/", location.href).href }));

await handleIncomingRedirect({ restorePreviousSession: true });
const { info } = getDefaultSession();
show("who", info.isLoggedIn ? info.webId : "nobody");

// @solid-notifications/subscription: finds the service, subscribes; what is received comes over a plain WebSocket.
import { Session } from "@inrupt/solid-client-authn-node";
import { SubscriptionClient } from "@solid-notifications/subscription";
import WebSocket from "ws";
import { arguments_, report, statusOf } from "./reporting.mjs";

const NOTIFY = "http://www.w3.org/ns/solid/notifications#";
const { anna } = arguments_();
const session = new Session();
await session.login({
  oidcIssuer: anna.issuer,
  clientId: anna.client_id,
  clientSecret: anna.client_secret,
});
const box = `${anna.storage}watched/`;
const note = `${box}note`;
const seen = {};
await write(note, "PUT", "<#it> <http://e/says> 1 .");

const client = new SubscriptionClient(session.fetch);
const onNote = await client.subscribe(note, `${NOTIFY}WebSocketChannel2023`);
const onBox = await client.subscribe(box, `${NOTIFY}WebSocketChannel2023`);
seen.channel = { type: onNote.type, topic: onNote.topic };
const heard = { note: await listening(onNote), box: await listening(onBox) };
await write(note, "PUT", "<#it> <http://e/says> 2 .");
await write(`${box}another`, "PUT", "<#it> <http://e/says> 3 .");
await write(`${box}another`, "DELETE");
seen.note = await heard.note.next();
seen.box = [await heard.box.next("Add"), await heard.box.next("Remove")];
const stranger = new SubscriptionClient(fetch);
seen.stranger = await statusOf(() => stranger.subscribe(note, `${NOTIFY}WebSocketChannel2023`));
report(seen);

async function write(place, method, body) {
  const headers = body ? { "content-type": "text/turtle" } : {};
  const answer = await session.fetch(place, { method, headers, body });
  if (!answer.ok) {
    throw new Error(`${method} ${place}: ${answer.status} ${await answer.text()}`);
  }
}

async function listening(channel) {
  const socket = new WebSocket(channel.receiveFrom);
  const waiting = [];
  const come = [];
  socket.onmessage = ({ data }) => {
    come.push(JSON.parse(data));
    waiting.splice(0).forEach((wake) => wake());
  };
  await new Promise((done, fail) => Object.assign(socket, { onopen: done, onerror: fail }));
  return {
    async next(type) {
      for (;;) {
        const found = come.findIndex((it) => !type || it.type === type);
        if (found >= 0) {
          const [it] = come.splice(found, 1);
          return [it.type, it.object, it.target ?? null];
        }
        await new Promise((wake) => waiting.push(wake));
      }
    },
  };
}

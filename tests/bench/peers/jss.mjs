// javascript-solid-server through its own createServer, since its command line has no way to lift the quota: the
// quota's counter is a file that concurrent writes read half-written, and then answer 500.
// Usage: node jss.mjs MODULES FOLDER PORT
import { pathToFileURL } from "node:url";

const [modules, folder, port] = process.argv.slice(2);
const { createServer } = await import(pathToFileURL(`${modules}/javascript-solid-server/src/server.js`));
const server = createServer({ root: folder, conneg: true, logger: false, defaultQuota: 0 });
await server.listen({ host: "127.0.0.1", port: Number(port) });

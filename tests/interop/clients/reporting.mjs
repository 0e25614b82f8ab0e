// How a client here learns whom and where to ask, and tells the test what it saw: JSON in, JSON out.

/** Return what the test gave us. */
export function arguments_() {
  return JSON.parse(process.argv[2]);
}

/** Tell the test what was seen, and end: libraries keep timers that would hold the process. */
export function report(seen) {
  process.stdout.write(JSON.stringify(seen), () => process.exit(0));
}

/** Return the HTTP status with which a call failed, or what else came of it. */
export async function statusOf(call) {
  try {
    await call();
    return "done";
  } catch (error) {
    return error.statusCode ?? error.response?.status ?? error.status ?? `${error}`;
  }
}

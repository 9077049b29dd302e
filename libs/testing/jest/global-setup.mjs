import { startStackServer } from './stack-server.mjs';

/** Jest calls this once per run, before its workers are made; they inherit the environment. */
export default async function globalSetup() {
  const server = await startStackServer();
  process.env.TENON_TEST_STACK = server.socket;
  globalThis.tenonTestStack = server;
}

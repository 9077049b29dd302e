/** Jest calls this once, after the last test. */
export default async function globalTeardown() {
  await globalThis.tenonTestStack?.stop();
}

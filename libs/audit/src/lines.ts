/** An entry of 1,000 executions has about 300 kB; a line beyond this is not one of ours. */
export const lineBytesMax = 16_000_000;

const newline = 0x0a;

/** What was read is not what an export holds; the bytes themselves were there. */
export class UnreadableLine extends Error {
  override readonly name = 'UnreadableLine';
}

/**
 * Splits bytes into lines of text, holding one line at most. Empty lines are left out.
 *
 * @throws UnreadableLine for a line of more than 16 MB and for bytes that are not UTF-8.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const take = () => {
    const line = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    parts = [];
    bytes = 0;
    try {
      return utf8.decode(line);
    } catch (cause) {
      throw new UnreadableLine('a line is not UTF-8', { cause });
    }
  };
  const add = (part: Uint8Array) => {
    bytes += part.length;
    if (bytes > lineBytesMax) throw new UnreadableLine(`a line is longer than ${lineBytesMax} bytes`);
    parts.push(part);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      const line = take();
      if (line !== '') yield line;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (bytes > 0) yield take();
}

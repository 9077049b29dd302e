const lineLengthMax = 64_000;

/** Cuts a stream of text into lines; one without an end is cut off at 64,000 characters. */
export function splitLines(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineLengthMax) lines.push(rest.slice(0, lineLengthMax));
    if (rest.length > lineLengthMax) rest = '';
    for (const line of lines) if (line !== '') onLine(line.slice(0, lineLengthMax));
  };
}

const lastWordsCharactersMax = 300;

/**
 * The end of what a guest said before it failed, as a sentence to put behind ours. It is quoted, because it is the
 * guest's claim and not Tenon's.
 */
export function lastWords(said: string): string {
  const lines = said
    .slice(-4 * lastWordsCharactersMax)
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '');
  const words = lines.slice(-3).join(' / ');
  if (words === '') return '';
  const shown = words.length > lastWordsCharactersMax ? `…${words.slice(-lastWordsCharactersMax)}` : words;
  return ` Its last words: ${JSON.stringify(shown)}`;
}

/** Unicode's category Cc. */
const controlCharacters = ['0000-\\u001f', '007f-\\u009f'].map((range) => `\\u${range}`).join('');

/**
 * One line of text: no control characters. Written as ranges and without flags, because the pattern stands in the
 * OpenAPI document and has to mean the same to every tool that reads it.
 */
export const oneLinePattern = new RegExp(`^[^${controlCharacters}]*$`);

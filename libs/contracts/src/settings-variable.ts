/** The name under which a guest finds its settings as JSON text: an environment variable, or a key of an Extism config. */
export const settingsVariable = 'TENON_SETTINGS';

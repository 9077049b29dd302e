import { settingsVariable } from '@tenon/contracts';
import type { RunState } from './run-state.js';

/** What a guest finds in its environment: its settings as JSON text, where it has some, and nothing else. */
export function guestEnvironment({ request }: RunState): readonly (readonly [name: string, value: string])[] {
  const settings = request.config?.[settingsVariable];
  return settings === undefined ? [] : [[settingsVariable, settings]];
}

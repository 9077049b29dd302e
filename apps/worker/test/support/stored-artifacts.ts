import type { Storage } from '@tenon/storage';
import { CurrentArtifacts } from '../../src/executions/current-artifacts.js';

/** Takes every artifact as it is stored, whatever engine built it. */
export function storedArtifacts(storage: Storage): CurrentArtifacts {
  const rebuild = () => Promise.reject(new Error('nothing is older than engine 0'));
  return new CurrentArtifacts(storage, { rebuild }, 0);
}

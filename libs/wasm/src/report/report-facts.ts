import type { Abi, BuildReport } from '@tenon/contracts';
import type { DecodedModule } from '../inspect/decoded-module.js';

/** What a build knows about an upload; the report is made from it. */
export interface ReportFacts {
  readonly abi: Abi;
  readonly abiReason: string;
  readonly upload: Uint8Array;
  readonly artifactBytes: number;
  readonly meteringBytesAdded: number;
  /** The core modules, the largest first for a component. */
  readonly modules: readonly DecodedModule[];
  readonly uploadBytesMax: number;
  /** A component's own imports and exports stand in for those of its core modules. */
  readonly face?: Pick<BuildReport, 'imports' | 'exports'>;
}

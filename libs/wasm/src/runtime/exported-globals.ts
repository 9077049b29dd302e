import { type CounterName, counterExport, counterNames } from '../rewrite/counters.js';

const nameOf = Object.fromEntries(counterNames.map((name) => [name, counterExport(name)])) as Readonly<
  Record<CounterName, string>
>;

/** Counters among the exports of an instance, each looked up when it is asked for: a short run needs few of them. */
export class ExportedGlobals implements Readonly<Record<CounterName, WebAssembly.Global>> {
  private readonly exports: WebAssembly.Exports;

  constructor(exports: WebAssembly.Exports) {
    this.exports = exports;
  }

  get fuel(): WebAssembly.Global {
    return this.find('fuel');
  }

  get reserve(): WebAssembly.Global {
    return this.find('reserve');
  }

  get bulk(): WebAssembly.Global {
    return this.find('bulk');
  }

  get memory(): WebAssembly.Global {
    return this.find('memory');
  }

  get memoryMax(): WebAssembly.Global {
    return this.find('memoryMax');
  }

  get refused(): WebAssembly.Global {
    return this.find('refused');
  }

  get depth(): WebAssembly.Global {
    return this.find('depth');
  }

  get stack(): WebAssembly.Global {
    return this.find('stack');
  }

  get limit(): WebAssembly.Global {
    return this.find('limit');
  }

  private find(name: CounterName): WebAssembly.Global {
    return this.exports[nameOf[name]] as WebAssembly.Global;
  }
}

/** Whether these are the exports of a module that was rewritten with counters of its own. */
export function hasCounters(exports: WebAssembly.Exports): boolean {
  return exports[nameOf.fuel] !== undefined;
}

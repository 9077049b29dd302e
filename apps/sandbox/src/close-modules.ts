import { registerHooks } from 'node:module';

/**
 * From here on this thread can load no module: not by `import`, not by `require`. A few of Node's modules don't ask the
 * permission model (a database opens any file, a worker can be started without its parent's permissions), so code that
 * finds its way out of a realm must find nothing to load.
 *
 * @param isAllowed what is still needed later; nothing in a process that runs guests.
 */
export function closeModules(isAllowed: (specifier: string) => boolean = () => false): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (isAllowed(specifier)) return next(specifier, context);
      throw new Error(`this thread loads no more modules, and not ${specifier.slice(0, 100)}`);
    },
  });
}

/**
 * Adds what npm leaves out of package-lock.json: the packages of other platforms that the registry in use could not
 * show. `npm ci` refuses a lock file without them, though it would install none of them. They come without an
 * integrity hash; `npm install` on a machine of that platform adds it. Run it after a change of dependencies:
 * `node scripts/complete-lock.mjs`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const file = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../package-lock.json');
const operatingSystems = 'android|darwin|linux|win32|freebsd|openharmony|sunos|openbsd|netbsd|aix';
const processors = 'arm64|x64|ia32|arm|ppc64|s390x|riscv64|loong64';

/** Where `name` is found from the package at `from`, by Node's rule: here, or in a folder further up. */
function isLocked(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('node_modules/') - 1, 0))) {
    if (Object.hasOwn(packages, `${at === '' ? '' : `${at}/`}node_modules/${name}`)) return true;
    if (at === '') return false;
  }
}

/** The optional packages that some package of `lock` names and the lock file lacks. */
export function missingOptionalPackages(lock) {
  return Object.entries(lock.packages).flatMap(([from, parent]) =>
    Object.entries(parent.optionalDependencies ?? {})
      .filter(([name]) => !isLocked(lock.packages, from, name))
      .map(([name, version]) => ({ name, version, parent })),
  );
}

/** Packages say in their names what they are for; npm skips one whose platform is not the machine's. */
function platformOf(name) {
  if (name.includes('wasm32')) return { cpu: ['wasm32'] };
  // Some say 64 for x64, and windows for what Node calls win32.
  const plain = name.replace('-windows-', '-win32-').replace(/-64$/, '-x64');
  const match = new RegExp(`(${operatingSystems})-(${processors})`).exec(plain);
  if (match === null) throw new Error(`${name} is missing, and its name does not say which platform it is for.`);
  const libc = /musl/.test(name) ? ['musl'] : match[1] === 'linux' && /gnu/.test(name) ? ['glibc'] : undefined;
  return { cpu: [match[2]], os: [match[1]], ...(libc === undefined ? {} : { libc }) };
}

function complete(lock) {
  const missing = missingOptionalPackages(lock);
  for (const { name, version, parent } of missing) {
    if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${name} is missing, and ${version} is not one version.`);
    const { license = 'MIT', dev } = parent;
    lock.packages[`node_modules/${name}`] = {
      version,
      license,
      optional: true,
      ...(dev ? { dev } : {}),
      ...platformOf(name),
    };
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  return missing.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(await readFile(file, 'utf8'));
  const added = complete(lock);
  await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${added} packages added to package-lock.json`);
}

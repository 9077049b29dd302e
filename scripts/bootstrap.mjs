/**
 * What `npm start` and `npm test` do before anything else, in plain Node without dependencies: install what is missing
 * and go on under the Node that the project pins. Runs on Node 20 and later.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const nodeMajorMin = 20;
const nodeMajorPinned = 26;
const progressEveryMs = 5_000;
const binFolder = path.join(root, 'node_modules/.bin');

/** A reason to stop that a person can act on; printed without a stack. */
export class Refusal extends Error {}

function nodeMajor() {
  return Number(process.versions.node.split('.')[0]);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** npm writes down what it installed; an installation that was interrupted has no such file, or an older one. */
function isInstalled() {
  const wanted = readJson(path.join(root, 'package-lock.json'));
  const found = readJson(path.join(root, 'node_modules/.package-lock.json'));
  if (wanted === undefined) throw new Refusal('package-lock.json is missing: this is not a whole checkout of Tenon.');
  if (found === undefined) return false;
  return Object.entries(wanted.packages).every(([name, facts]) => {
    if (name === '' || facts.optional === true || facts.peer === true || !name.includes('node_modules/')) return true;
    const there = found.packages[name];
    return there !== undefined && there.version === facts.version && there.resolved === facts.resolved;
  });
}

/** The npm that runs us, if one does; else the one on PATH. */
function npmCommand(args) {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script) && existsSync(script)) {
    return { program: process.execPath, args: [script, ...args] };
  }
  return { program: 'npm', args };
}

function runNpm(args) {
  const command = npmCommand(args);
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, command.args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, npm_config_update_notifier: 'false' },
    });
    child.once('error', () => reject(new Refusal('npm was not found. It comes with Node: https://nodejs.org')));
    child.once('exit', (code) => resolve(code));
  });
}

async function install() {
  const startedMs = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedMs) / 1_000)} s`;
  console.log(
    'Tenon: installing what is missing from node_modules (npm ci; about 700 MB, usually one to three minutes)',
  );
  const timer = setInterval(() => console.log(`Tenon: still installing, ${seconds()} so far`), progressEveryMs);
  try {
    // What is built here needs the development tools, whatever NODE_ENV or a user's npm settings say.
    const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
    if ((await runNpm(['ci', ...flags])) === 0) return;
    // A registry that lacks another platform's package makes `ci` refuse a lock file that `install` can work with.
    console.log('Tenon: npm ci failed; trying npm install with the versions of the same lock file');
    const code = await runNpm(['install', '--no-save', ...flags]);
    if (code !== 0) throw new Refusal(`npm install failed (exit code ${code}); its own words are above.`);
  } finally {
    clearInterval(timer);
    console.log(`Tenon: npm ended after ${seconds()}`);
  }
}

async function ensureInstalled() {
  if (isInstalled()) return;
  await install();
  if (!isInstalled()) throw new Refusal('npm ci ended well, but packages of package-lock.json are still missing.');
}

/** The packages that carry Node for one platform each; package.json lists them. */
function nodePackages() {
  const { optionalDependencies = {} } = readJson(path.join(root, 'package.json')) ?? {};
  return Object.keys(optionalDependencies).filter((name) => name.endsWith(`-${process.platform}-${process.arch}`));
}

/**
 * The program inside its package, not the link in node_modules/.bin: all those packages want that link, and some
 * versions of npm remove it again together with the packages of other platforms.
 */
function pinnedNode() {
  const programs = nodePackages().map((name) => path.join(root, 'node_modules', name, 'bin/node'));
  const program = programs.find((file) => existsSync(file));
  if (program === undefined) {
    throw new Refusal(
      `Tenon runs on Node ${nodeMajorPinned}, and there is no package with it for ${process.platform} on ${process.arch} ` +
        `(linux x64 and arm64, darwin x64 and arm64 have one). Install Node ${nodeMajorPinned} yourself and start again with it; this is Node ${process.versions.node}.`,
    );
  }
  if ((statSync(program).mode & 0o111) === 0) chmodSync(program, 0o755);
  return program;
}

/** Children find `node` and the tools of node_modules first on their PATH, as under npm. */
function pathWith(program) {
  return [path.dirname(program), binFolder, process.env.PATH ?? ''].join(path.delimiter);
}

/** Runs `script` again under the pinned Node and ends with its exit code. */
function goOnUnderPinnedNode(script) {
  const program = pinnedNode();
  const child = spawn(program, [script, ...process.argv.slice(2)], {
    // The fourth stream is never written to: it tells the other side when we are gone, also by kill -9.
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, PATH: pathWith(program), TENON_LAUNCHER_PIPE: '3' },
  });
  // Ctrl-C reaches the other side by itself, as part of the terminal's group; a signal sent to us alone doesn't.
  process.on('SIGINT', () => child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  child.once('error', (error) => {
    console.error(`Tenon: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code) => process.exit(code ?? 1));
}

function fail(error) {
  console.error(error instanceof Refusal ? `\nTenon: ${error.message}` : error);
  process.exit(1);
}

/** Calls `main` under the pinned Node, after everything is installed. `script` is the file that calls this. */
export async function bootstrap(script, main) {
  try {
    if (nodeMajor() < nodeMajorMin) {
      throw new Refusal(
        `Tenon needs Node ${nodeMajorMin} or later to start; this is Node ${process.versions.node}. See https://nodejs.org`,
      );
    }
    await ensureInstalled();
    if (nodeMajor() < nodeMajorPinned) return goOnUnderPinnedNode(script);
    process.env.PATH = pathWith(process.execPath);
    await main(process.argv.slice(2));
  } catch (error) {
    fail(error);
  }
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '@tenon/testing';
import { apiConfig, ConfigError, workerConfig } from '../src/index.js';
import { type VariableFacts, variables } from '../src/variables.js';

const good = {
  DATABASE_URL: 'postgresql://someone:hunter2-db@db/tenon',
  REDIS_URL: 'redis://:hunter2-redis@cache:6379/0',
  TENON_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  TENON_INTERNAL_TOKEN: 'hunter2-internal-0123456789abcdef',
};

function problemsOf(boot: () => unknown): readonly string[] {
  try {
    boot();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('apiConfig and workerConfig', () => {
  it('fill in the defaults', () => {
    const api = apiConfig(good);
    expect(api.http).toEqual({ host: '127.0.0.1', port: 8080, publicUrl: undefined, trustProxy: false });
    expect(api.database.url.reveal()).toBe(good.DATABASE_URL);
    expect(workerConfig(good).sandbox.processes).toBeGreaterThan(0);
  });

  it('name everything that is wrong at once, and never a value', () => {
    const problems = problemsOf(() =>
      apiConfig({
        DATABASE_URL: 'mysql://u:hunter2@db',
        REDIS_URL: '',
        TENON_HTTP_PORT: '70000',
        TENON_SECRET_KEY: 'short',
      }),
    );
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'DATABASE_URL',
      'REDIS_URL',
      'TENON_SECRET_KEY',
      'TENON_INTERNAL_TOKEN',
      'TENON_HTTP_PORT',
    ]);
    expect(problems.join('\n')).not.toContain('hunter2');
  });

  it('report a variable that nobody reads', () => {
    expect(problemsOf(() => apiConfig({ ...good, TENON_HTPP_PORT: '1' }))).toEqual([
      'TENON_HTPP_PORT: there is no such variable; see docs/configuration.md',
    ]);
  });

  it('take an empty variable for an unset one', () => {
    expect(apiConfig({ ...good, TENON_HTTP_PORT: '' }).http.port).toBe(8080);
  });

  it.each([
    ['TENON_HTTP_PORT', '-1'],
    ['TENON_HTTP_PORT', '80.5'],
    ['TENON_LOG_LEVEL', 'loud'],
    ['TENON_TRUST_PROXY', 'true'],
    ['TENON_PUBLIC_URL', 'ftp://x'],
    ['TENON_REDIS_PREFIX', 'has space'],
    ['TENON_INTERNAL_TOKEN', 'short'],
  ])('refuse %s=%s', (name, text) => {
    expect(problemsOf(() => apiConfig({ ...good, [name]: text }))).toHaveLength(1);
  });

  it('take an OpenID provider whole or not at all', () => {
    const provider = {
      TENON_OIDC_ISSUER: 'https://id.example.com/',
      TENON_OIDC_CLIENT_ID: 'tenon',
      TENON_OIDC_CLIENT_SECRET: 'hunter2-oidc',
      TENON_PUBLIC_URL: 'https://tenon.example.com',
    };
    expect(apiConfig(good).oidc).toBeUndefined();
    const { oidc } = apiConfig({ ...good, ...provider });
    expect(oidc).toMatchObject({ issuer: 'https://id.example.com', clientId: 'tenon' });
    expect(JSON.stringify(oidc)).not.toContain('hunter2');
    for (const name of Object.keys(provider)) {
      expect(problemsOf(() => apiConfig({ ...good, ...provider, [name]: '' }))).toHaveLength(1);
    }
  });

  it('print no secret, however they are printed', () => {
    for (const config of [apiConfig(good), workerConfig(good)]) {
      const printed = [
        inspect(config, { depth: 9, showHidden: true }),
        JSON.stringify(config),
        `${config.database.url}`,
      ];
      expect(printed.join('\n')).not.toContain('hunter2');
    }
  });
});

describe('docs/configuration.md', () => {
  const rows = Object.entries<VariableFacts>(variables).map(([name, facts]) => {
    const fallback =
      facts.fallback === undefined ? (facts.optional === true ? 'unset' : 'required') : `\`${facts.fallback}\``;
    return `| \`${name}\` | ${facts.processes.join(', ')} | ${fallback} | ${facts.meaning} |`;
  });

  it('has one row per variable, word for word as the schema has it', async () => {
    const text = await readFile(path.join(repositoryRoot, 'docs/configuration.md'), 'utf8');
    expect(text.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
  });
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleFunctions, bundleStep } from '#infra/bundle.ts';
import { CONNECTION_TYPES } from '#shared/connections/registry.ts';
import { STORE_TYPES } from '#shared/stores/registry.ts';
import { functionName } from '#shared/workflows/step.ts';
import { stepsFor } from '#shared/workflows/steps.ts';
import { loadExample } from './synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'pam-relay-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A handler with difficult imports: a lazy one, CommonJS that requires a module of Node, and Node's HTTP. */
const SOURCE = {
  'handler.ts': `
    import http, { METHODS } from 'node:http';
    import { joined } from './common.cjs';
    export const methods = http.METHODS === METHODS ? METHODS : [];
    export const handler = async (): Promise<string> => joined((await import('./late.ts')).late);`,
  'late.ts': `export const late: string = 'late';`,
  'common.cjs': `const { posix } = require('node:path'); exports.joined = (word) => posix.join('came', word);`,
};

const config = loadExample('minimal.yaml');
const steps = stepsFor(config);
const names = steps.map(functionName);
const bundle = (outDir: string) =>
  bundleFunctions({ config, source: join(folder, 'functions'), outDir: join(folder, outDir) });

const filesIn = (outDir: string): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) =>
      readdirSync(join(folder, outDir, name)).map((file) => {
        const path = join(name, file);
        return [path, readFileSync(join(folder, outDir, path), 'utf8')];
      }),
    ),
  );

describe('a bundle', () => {
  let bundles: readonly Bundle[];
  beforeAll(async () => {
    for (const step of steps) {
      const source = join(folder, 'functions', step.folder);
      mkdirSync(source, { recursive: true });
      for (const [name, text] of Object.entries(SOURCE)) writeFileSync(join(source, name), text);
    }
    bundles = await bundle('first');
  });

  it('runs with its lazy imports and required modules', async () => {
    const { handler } = await import(pathToFileURL(join(folder, 'first/sync-plan/index.mjs')).href);
    await expect(handler()).resolves.toBe('came/late');
  });

  it('does not import the HTTP module of Node, whose exports load a second client, but has it', async () => {
    expect(Object.values(filesIn('first')).filter((text) => /from ?['"](node:)?http['"]/.test(text))).toEqual([]);
    const { methods } = await import(pathToFileURL(join(folder, 'first/sync-plan/index.mjs')).href);
    expect(methods).toContain('GET');
  });

  it('exists for every function of the configuration, with all files in its own folder', () => {
    expect(bundles.map(({ name }) => name)).toEqual(names);
    expect(readdirSync(join(folder, 'first')).toSorted()).toEqual(names.toSorted());
    expect(names).not.toContain('checkout-plan');
  });

  it('separates the code of a cold start from lazy imports', () => {
    for (const { entryBytes, totalBytes } of bundles) {
      expect(entryBytes).toBeGreaterThan(0);
      expect(totalBytes).toBeGreaterThan(entryBytes);
    }
  });

  it('contains the reviewed configuration', () => {
    expect(JSON.parse(filesIn('first')['sync-retrieve/relay.json'] ?? '')).toEqual(config);
  });

  it('is reproducible, so that a deployment replaces no unchanged function', async () => {
    await bundle('second');
    expect(filesIn('second')).toEqual(filesIn('first'));
  });
});

describe('the function that delivers', () => {
  const typeIn = (path: string): string | undefined =>
    Object.keys(STORE_TYPES).find((type) => path.includes(`shared/stores/${type}/`)) ??
    /^@aws-sdk\/client-(?:ssm|sts|secrets-manager)/.exec(path)?.[0];

  it('imports each type of store late, with the clients of that type alone', async () => {
    const { metafile } = await build({
      entryPoints: ['functions/sync/retrieve/handler.ts'],
      outdir: join(folder, 'delivers'),
      write: false,
      bundle: true,
      splitting: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      metafile: true,
      logLevel: 'error',
    });
    /** Types and clients in a file, and in all that it imports statically. */
    const typesFrom = (file: string, seen = new Set<string>()): string[] => {
      const output = metafile.outputs[file];
      if (output === undefined || seen.has(file)) return [];
      seen.add(file);
      const imports = output.imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
      const own = [...Object.keys(output.inputs), ...imports].flatMap((path) => typeIn(path) ?? []);
      return [...new Set([...own, ...imports.flatMap((path) => typesFrom(path, seen))])].toSorted();
    };
    const loadedBy = (entry: string): string[] => {
      const [file] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
      if (file === undefined) throw new Error(`${entry} is not imported late.`);
      return typesFrom(file);
    };
    const loaded = ['functions/sync/retrieve/handler.ts', ...Object.keys(STORE_TYPES).map(typeFile)].map(loadedBy);
    expect(loaded).toEqual([
      [],
      ['@aws-sdk/client-ssm', 'aws-parameter-store'],
      ['@aws-sdk/client-secrets-manager', 'aws-secrets-manager'],
      ['kv-v2'],
    ]);
  });
});

const typeFile = (type: string): string => `shared/stores/${type}/type.ts`;

describe('a bundle with other registries', () => {
  const registry = (kind: string) => resolve(`shared/${kind}/registry.ts`);
  const replacement = join(folder, 'other-stores.ts');
  const namesIn = async (outDir: string, stores?: string): Promise<unknown> => {
    const source = join(folder, 'handler-of-types.ts');
    writeFileSync(
      source,
      `import { CONNECTION_TYPES } from ${JSON.stringify(registry('connections'))};
       import { STORE_TYPES } from ${JSON.stringify(registry('stores'))};
       export const types = { connections: Object.keys(CONNECTION_TYPES), stores: Object.keys(STORE_TYPES) };`,
    );
    await bundleStep(source, join(folder, outDir), stores === undefined ? {} : { stores });
    return (await import(pathToFileURL(join(folder, outDir, 'index.mjs')).href)).types;
  };

  it('has the types of the replaced registry, and the built-in types of the other', async () => {
    writeFileSync(replacement, `export const STORE_TYPES = { heap: async () => ({}) };`);
    const connections = Object.keys(CONNECTION_TYPES);
    expect(await namesIn('replaced', replacement)).toEqual({ connections, stores: ['heap'] });
    expect(await namesIn('registered')).toEqual({ connections, stores: Object.keys(STORE_TYPES) });
  });

  it('can extend the registered types', async () => {
    writeFileSync(
      replacement,
      `import { STORE_TYPES as REGISTERED } from ${JSON.stringify(registry('stores'))};
       export const STORE_TYPES = { ...REGISTERED, heap: async () => ({}) };`,
    );
    expect(await namesIn('added', replacement)).toMatchObject({ stores: [...Object.keys(STORE_TYPES), 'heap'] });
  });
});

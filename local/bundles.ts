import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { type Bundle, bundleStep } from '#infra/bundle.ts';
import type { Registries } from '#infra/registries.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { ALL_STEPS, stepsFor } from '#shared/workflows/steps.ts';
import packageJson from '../package.json' with { type: 'json' };
import { filesBelow } from './canaries.ts';

/** The functions as they are deployed, without their configuration. Read only. */
export interface SharedBundles {
  /** Contains a folder for each function. */
  readonly folder: string;
  readonly bundles: readonly Bundle[];
}

const ROOT = resolve(import.meta.dirname, '..');
const SHARED = join(ROOT, 'build/bundles');
const SUMMARY = 'bundles.json';

/**
 * Folders that no function imports. All other source folders are part of the fingerprint, so that a new folder is
 * included.
 */
const EXCLUDED = ['./cli/', './local/', './examples/', './test/'];
const SOURCES = Object.values(packageJson.imports)
  .map((pattern) => pattern.replace('*', ''))
  .filter((folder) => !EXCLUDED.includes(folder));

const bundlesSchema = z.array(
  z.object({
    name: z.string(),
    entryBytes: z.number(),
    totalBytes: z.number(),
    packages: z.array(z.string()),
  }),
);

/**
 * Hash of the sources, the lockfile and the build settings. The types of a test are in the folder of its registries.
 */
const fingerprint = (registries: Registries, steps: readonly Step[]): string => {
  const hash = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json')));
  const replaced = Object.values(registries).map((file) => resolve(file));
  hash.update(JSON.stringify([replaced, steps.map(functionName)]));
  const folders = new Set([...SOURCES.map((folder) => join(ROOT, folder)), ...replaced.map((file) => dirname(file))]);
  const files = [...folders].flatMap((folder) => [...filesBelow(folder)]);
  for (const { where, content } of files.toSorted((a, b) => (a.where < b.where ? -1 : 1))) {
    hash.update(`\0${relative(ROOT, where)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
};

/**
 * The bundles of the current sources, built once and cached, because esbuild takes most of the time to start a world.
 * Safe for concurrent processes.
 */
export const sharedBundles = async (
  registries: Registries = {},
  steps: readonly Step[] = ALL_STEPS,
): Promise<SharedBundles> => {
  const folder = join(SHARED, fingerprint(registries, steps));
  if (!existsSync(folder)) await make(folder, registries, steps);
  return { folder, bundles: bundlesSchema.parse(JSON.parse(readFileSync(join(folder, SUMMARY), 'utf8'))) };
};

const make = async (folder: string, registries: Registries, steps: readonly Step[]): Promise<void> => {
  mkdirSync(SHARED, { recursive: true });
  removeOld();
  const unfinished = mkdtempSync(join(SHARED, 'unfinished-'));
  const bundles = await Promise.all(
    steps.map(async (step) => {
      const name = functionName(step);
      const handler = join(ROOT, 'functions', step.folder, 'handler.ts');
      return { name, ...(await bundleStep(handler, join(unfinished, name), registries)) };
    }),
  );
  await writeFile(join(unfinished, SUMMARY), JSON.stringify(bundles));
  try {
    renameSync(unfinished, folder);
  } catch (thrown) {
    // Another process built the same bundles first.
    rmSync(unfinished, { recursive: true });
    if (!existsSync(folder)) throw thrown;
  }
};

const DAY_MS = 86_400_000;

/** Removes the bundles of older sources. Processes that use them have their own links. */
const removeOld = (): void => {
  for (const name of readdirSync(SHARED)) {
    const folder = join(SHARED, name);
    const { mtimeMs = Infinity } = statSync(folder, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > DAY_MS) rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * Links the bundles of the functions that the configuration needs into a folder, and adds the configuration to each.
 */
export const linkBundles = async (outDir: string, config: RelayConfig, registries: Registries = {}): Promise<void> => {
  const steps = stepsFor(config);
  // Few worlds replace a registry, and none of them needs every function.
  const { folder } = await sharedBundles(registries, Object.keys(registries).length === 0 ? ALL_STEPS : steps);
  const text = JSON.stringify(config);
  await Promise.all(
    steps.map((step) => {
      const name = functionName(step);
      const own = join(outDir, name);
      mkdirSync(own, { recursive: true });
      for (const file of readdirSync(join(folder, name))) link(join(folder, name, file), join(own, file));
      return writeFile(join(own, 'relay.json'), text);
    }),
  );
};

/** Links a file, or copies it if the file systems differ. */
const link = (from: string, to: string): void => {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
};

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundleFunctions, bundleStep } from '#infra/bundle.ts';
import { loadConfig } from '#shared/config/load.ts';
import { functionName } from '#shared/workflows/step.ts';
import { ALL_STEPS } from '#shared/workflows/steps.ts';
import { BARE_FUNCTION, bundleBareFunction } from '../bare-bundle.ts';
import { type Figure, type Measured, median, round, spread } from '../figure.ts';
import { sampleImports } from '../imports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CHILDREN = resolve(import.meta.dirname, '../children');
const ROUNDS = 15;

/** Configuration of a relay with all functions. */
const CONFIG = join(ROOT, 'examples/full.yaml');
const FUNCTIONS = ALL_STEPS.map(functionName);

const BARE = 'bare';
const TUNED = 'tuned';

/** `sync-retrieve` with everything that deliveries to all types of store import late. */
const WITH_STORES = 'retrieve-with-stores';

/** Builds all bundles and returns their folders by name. */
const bundleAll = async (directory: string): Promise<ReadonlyMap<string, string>> => {
  const config = loadConfig(CONFIG);
  await bundleFunctions({ config, source: join(ROOT, 'functions'), outDir: join(directory, 'functions') });
  const [bare, tuned, stores] = [join(directory, BARE), join(directory, TUNED), join(directory, WITH_STORES)];
  await Promise.all([
    bundleBareFunction(bare),
    bundleStep(BARE_FUNCTION, tuned),
    bundleStep(join(CHILDREN, `${WITH_STORES}.ts`), stores),
  ]);
  await writeFile(join(stores, 'relay.json'), JSON.stringify(config));
  const functions = FUNCTIONS.map((name): [string, string] => [name, join(directory, 'functions', name)]);
  return new Map([[BARE, bare], [TUNED, tuned], [WITH_STORES, stores], ...functions]);
};

/** Measures the imports at the cold start of each function, and its late imports. */
export const measureColdImport = async (): Promise<Measured> => {
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-bench-'));
  try {
    const samples = await sampleImports(await bundleAll(directory), ROUNDS);
    const timesOf = (name: string, what: 'importMs' | 'lateMs') => (samples.get(name) ?? []).map((one) => one[what]);
    const fastest = (name: string) => Math.min(...timesOf(name, 'importMs'));
    const bareMs = median(timesOf(BARE, 'importMs'));
    const againstBare = (name: string, label: string, atMost: number): Figure => ({
      name: `cold import of ${label} against a bare function`,
      value: median(timesOf(name, 'importMs')) / bareMs,
      unit: 'times',
      target: { atMost },
      kind: 'measure',
    });
    return {
      figures: [
        ...FUNCTIONS.map((name) => againstBare(name, name, 1.3)),
        againstBare(WITH_STORES, 'sync-retrieve with the late imports of three stores', 1.5),
      ],
      notes: [
        `A bare function with one Secrets Manager client in one plain bundle: ${spread(timesOf(BARE, 'importMs'), ' ms')}, ${ROUNDS} processes each, in turn.`,
        `The same function with the relay's bundle settings: ${spread(timesOf(TUNED, 'importMs'), ' ms')}.`,
        `sync-retrieve with the late imports of three stores: ${spread(timesOf(WITH_STORES, 'importMs'), ' ms')}.`,
        ...FUNCTIONS.map(
          (name) =>
            `${name}: ${spread(timesOf(name, 'importMs'), ' ms')}, fastest ${round(fastest(name) / fastest(BARE))} times the fastest bare import; all late imports: ${spread(timesOf(name, 'lateMs'), ' ms')}.`,
        ),
      ],
    };
  } finally {
    await rm(directory, { recursive: true });
  }
};

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import PQueue from 'p-queue';
import { type Registries, replacedRegistries } from '#infra/registries.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { functionName } from '#shared/workflows/step.ts';
import { stepsFor } from '#shared/workflows/steps.ts';

/** Some dependencies are CommonJS and call `require` for Node's own modules, which an ES module does not have. */
export const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** zod includes its messages in about fifty languages, a fifth of a bundle. The functions need only English. */
const zodInEnglish: Plugin = {
  name: 'zod-in-english',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: dirname(path),
    }));
  },
};

const HTTP = 'http-by-require';

/**
 * An `import` of Node's HTTP module reads all of its exports, and one of them loads a second HTTP client: a quarter of
 * the CPU time of a cold start. A `require` reads none of them.
 */
const httpByRequire: Plugin = {
  name: HTTP,
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?http$/ }, ({ namespace }) =>
      namespace === HTTP ? { path: 'node:http', external: true } : { path: 'node:http', namespace: HTTP },
    );
    onLoad({ filter: /.*/, namespace: HTTP }, () => ({ contents: "module.exports = require('node:http');" }));
  },
};

/** Replaces the registries with other modules. A replacement can import the registry that it replaces. */
const withRegistries = (registries: Registries): Plugin => ({
  name: 'with-registries',
  setup: ({ onResolve, resolve }) => {
    const replacements = replacedRegistries(registries);
    if (replacements.size === 0) return;
    onResolve({ filter: /\/registry\.ts$/ }, async ({ path, pluginData, importer, resolveDir, kind }) => {
      if (pluginData === NESTED) return undefined;
      const found = await resolve(path, { importer, resolveDir, kind, pluginData: NESTED });
      const replacement = replacements.get(found.path);
      return replacement === undefined || replacement === importer ? found : { path: replacement };
    });
  },
});

/** Marks a nested resolution, which the plugin does not intercept. */
const NESTED = 'with-registries';

export interface Bundle {
  /** Name of the function without the stack's name. */
  readonly name: string;
  /** Size of the files that a cold start reads, and of all files including late imports. */
  readonly entryBytes: number;
  readonly totalBytes: number;
  /** npm packages whose code is in the bundle, sorted. */
  readonly packages: readonly string[];
}

export interface BundleOptions {
  readonly config: RelayConfig;
  /** Directory with a folder for each step, which contains a `handler.ts`. */
  readonly source: string;
  /**
   * Output directory. It is emptied first. Each function gets a folder with `index.mjs`, its chunks and `relay.json`.
   */
  readonly outDir: string;
  readonly registries?: Registries;
}

/**
 * Bundles each function separately with all its imports, including the AWS SDK, so that the deployed code is the tested
 * code. Builds are reproducible: a deployment updates only functions whose code or configuration changed.
 */
export const bundleFunctions = async ({
  config,
  source,
  outDir,
  registries,
}: BundleOptions): Promise<readonly Bundle[]> => {
  await rm(outDir, { recursive: true, force: true });
  return Promise.all(
    stepsFor(config).map(async (step) => {
      const name = functionName(step);
      const folder = join(outDir, name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'relay.json'), JSON.stringify(config));
      return { name, ...(await bundleStep(join(source, step.folder, 'handler.ts'), folder, registries)) };
    }),
  );
};

/** Two builds use both cores of a small machine. Each needs 150 MB, so all at once would need its whole memory. */
const builds = new PQueue({ concurrency: 2 });

/** One build per function, because the chunks of late imports must be in the function's own folder. */
export const bundleStep = async (
  handler: string,
  folder: string,
  registries: Registries = {},
): Promise<Omit<Bundle, 'name'>> => {
  const { metafile } = await builds.add(() =>
    build({
      entryPoints: { index: handler },
      outdir: folder,
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      // Only the ES module builds of the AWS SDK can be tree-shaken.
      mainFields: ['module', 'main'],
      outExtension: { '.js': '.mjs' },
      chunkNames: 'chunk-[hash]',
      banner: { js: REQUIRE },
      plugins: [zodInEnglish, httpByRequire, withRegistries(registries)],
      legalComments: 'none',
      metafile: true,
      logLevel: 'warning',
    }),
  );
  const outputs = Object.entries(metafile.outputs);
  const bytesOf = (wanted: ReadonlySet<string>) =>
    outputs.reduce((bytes, [path, output]) => bytes + (wanted.has(path) ? output.bytes : 0), 0);
  return {
    entryBytes: bytesOf(staticImports(metafile.outputs)),
    totalBytes: bytesOf(new Set(Object.keys(metafile.outputs))),
    packages: packagesIn(metafile.outputs),
  };
};

interface Output {
  readonly imports: readonly { path: string; kind: string; external?: boolean }[];
  readonly inputs: Readonly<Record<string, { bytesInOutput: number }>>;
}
type Outputs = Readonly<Record<string, Output>>;

const PACKAGE = /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** Packages of which no byte is left after tree shaking are excluded. */
const packagesIn = (outputs: Outputs): string[] => {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const names = inputs.flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (PACKAGE.exec(path)?.[1] ?? []) : [],
  );
  return [...new Set(names)].toSorted();
};

/** The entry and every chunk that it imports statically, directly or through another chunk. */
const staticImports = (outputs: Outputs): ReadonlySet<string> => {
  const found = new Set(Object.keys(outputs).filter((path) => path.endsWith('/index.mjs')));
  for (const path of found) {
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) found.add(imported);
    }
  }
  return found;
};

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type Registries, replacedRegistries } from '#infra/registries.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { functionName } from '#shared/workflows/step.ts';
import { stepsFor } from '#shared/workflows/steps.ts';

/** Some dependencies are CommonJS and call `require` for Node's own modules, which an ES module does not have. */
export const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** zod brings its messages in some fifty languages, a fifth of a bundle, of which the functions speak one. */
const zodInEnglish: Plugin = {
  name: 'zod-in-english',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, ({ path }) => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: dirname(path),
    }));
  },
};

/** Lets other modules take the place of the registries, and import what they take the place of. */
const withRegistries = (registries: Registries): Plugin => ({
  name: 'with-registries',
  setup: ({ onResolve, resolve }) => {
    const replacements = replacedRegistries(registries);
    if (replacements.size === 0) return;
    onResolve({ filter: /\/registry\.ts$/ }, async ({ path, pluginData, importer, resolveDir, kind }) => {
      if (pluginData === LOOKING) return undefined;
      const found = await resolve(path, { importer, resolveDir, kind, pluginData: LOOKING });
      const replacement = replacements.get(found.path);
      return replacement === undefined || replacement === importer ? found : { path: replacement };
    });
  },
});

/** Marks that a path is being resolved as it would be without the plugin. */
const LOOKING = 'with-registries';

export interface Bundle {
  /** What its function is called, without the stack. */
  readonly name: string;
  /** Bytes of the files that a cold start reads, and of all files together with those imported late. */
  readonly entryBytes: number;
  readonly totalBytes: number;
  /** The npm packages that code in it comes from, sorted. */
  readonly packages: readonly string[];
}

export interface BundleOptions {
  readonly config: RelayConfig;
  /** Holds the folders of the steps, each with a `handler.ts`. */
  readonly source: string;
  /** Emptied, then filled with a folder for each function: `index.mjs`, its chunks, and `relay.json`. */
  readonly outDir: string;
  readonly registries?: Registries;
}

/**
 * Bundles every function by itself, with everything that it imports, the AWS SDK too: what runs is what was tested.
 * The same input gives the same bytes, so that a deployment changes only the functions whose code or configuration changed.
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

/** One build per function, because the chunks of a late import have to lie in the function's own folder. */
export const bundleStep = async (
  handler: string,
  folder: string,
  registries: Registries = {},
): Promise<Omit<Bundle, 'name'>> => {
  const { metafile } = await build({
    entryPoints: { index: handler },
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The ES module builds of the AWS SDK leave out what is not used; its CommonJS builds do not.
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[hash]',
    banner: { js: REQUIRE },
    plugins: [zodInEnglish, withRegistries(registries)],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const outputs = Object.entries(metafile.outputs);
  const bytesOf = (wanted: ReadonlySet<string>) =>
    outputs.reduce((bytes, [path, output]) => bytes + (wanted.has(path) ? output.bytes : 0), 0);
  return {
    entryBytes: bytesOf(importedAtOnce(metafile.outputs)),
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

/** What was shaken off to the last byte does not count. */
const packagesIn = (outputs: Outputs): string[] => {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const names = inputs.flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (PACKAGE.exec(path)?.[1] ?? []) : [],
  );
  return [...new Set(names)].toSorted();
};

/** The entry and every chunk that it imports by statement, directly or through another chunk. */
const importedAtOnce = (outputs: Outputs): ReadonlySet<string> => {
  const found = new Set(Object.keys(outputs).filter((path) => path.endsWith('/index.mjs')));
  for (const path of found) {
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) found.add(imported);
    }
  }
  return found;
};

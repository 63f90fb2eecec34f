import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { STEPS, type Step } from '#infra/steps.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

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

export interface Bundle {
  readonly step: Step;
  /** Bytes of the files that a cold start reads, and of all files together with those imported late. */
  readonly entryBytes: number;
  readonly totalBytes: number;
}

export interface BundleOptions {
  readonly config: RelayConfig;
  /** The folder that holds a folder with a `handler.ts` for each step. */
  readonly source: string;
  /** Emptied, then filled with a folder for each step: `index.mjs`, its chunks, and `relay.json`. */
  readonly outDir: string;
}

/**
 * Bundles every function by itself, with everything that it imports, the AWS SDK too: what runs is what was tested.
 * The same input gives the same bytes, so that a deployment changes only the functions whose code or configuration changed.
 */
export const bundleFunctions = async ({ config, source, outDir }: BundleOptions): Promise<readonly Bundle[]> => {
  await rm(outDir, { recursive: true, force: true });
  return Promise.all(
    STEPS.map(async (step) => {
      const folder = join(outDir, step);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'relay.json'), JSON.stringify(config));
      return { step, ...(await bundleStep(join(source, step, 'handler.ts'), folder)) };
    }),
  );
};

/** One build per function, because the chunks of a late import have to lie in the function's own folder. */
export const bundleStep = async (handler: string, folder: string): Promise<Omit<Bundle, 'step'>> => {
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
    plugins: [zodInEnglish],
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
  };
};

type Outputs = Readonly<
  Record<string, { entryPoint?: string; imports: readonly { path: string; kind: string; external?: boolean }[] }>
>;

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

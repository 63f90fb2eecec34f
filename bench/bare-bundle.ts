import { resolve } from 'node:path';
import { build } from 'esbuild';
import { REQUIRE } from '#infra/bundle.ts';

export const BARE_FUNCTION = resolve(import.meta.dirname, 'children/bare-function.ts');

/** One minified file with esbuild's usual settings. */
export const bundleBareFunction = (folder: string) =>
  build({
    entryPoints: { index: BARE_FUNCTION },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: REQUIRE },
    metafile: true,
    logLevel: 'warning',
  });

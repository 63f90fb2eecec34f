import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import * as z from 'zod';
import { loadRegisteredTypes, type Registries } from '#infra/registries.ts';
import { RelayStack } from '#infra/stack.ts';
import { loadConfig, type OnWarning } from '#shared/config/load.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import cdkJson from '../cdk.json' with { type: 'json' };
import { linkBundles } from './bundles.ts';

/** The stack that `cdk synth` creates from a relay.yaml, and the locations of its assets. */
export interface SynthesisedStack {
  readonly config: RelayConfig;
  readonly stackName: string;
  readonly template: unknown;
  /** The folder of each asset, by its object name in S3. */
  readonly assets: ReadonlyMap<string, string>;
}

const assetManifestSchema = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })),
});

export interface SynthesisOptions {
  /** Replacements of the registries, for tests with their own types. */
  readonly registries?: Registries | undefined;
  /** Receives the warnings about the configuration. */
  readonly onWarning?: OnWarning | undefined;
}

/**
 * Writes the bundled functions and the synthesised stack to the directory, which must not be shared with another run.
 * @throws RelayError if the configuration is invalid.
 */
export const synthesise = async (
  configFile: string,
  directory: string,
  { registries = {}, onWarning }: SynthesisOptions = {},
): Promise<SynthesisedStack> => {
  const types = await loadRegisteredTypes(registries);
  const config = loadConfig(configFile, types, onWarning);
  const bundles = join(directory, 'functions');
  await linkBundles(bundles, config, registries);
  const app = new App({
    outdir: join(directory, 'cdk.out'),
    analyticsReporting: false,
    // Validation takes most of the time of a synthesis. `npm run synth` validates instead.
    builtinCloudFormationValidation: false,
    // The bundles are used in place.
    context: { ...cdkJson.context, [DISABLE_ASSET_STAGING_CONTEXT]: true },
  });
  const stack = new RelayStack(app, config.relay, { config, types, bundles });
  const assembly = app.synth();
  return {
    config,
    stackName: stack.stackName,
    template: assembly.getStackByName(stack.stackName).template,
    assets: readAssets(assembly.directory, stack.stackName),
  };
};

const readAssets = (directory: string, stackName: string): ReadonlyMap<string, string> => {
  const manifest = assetManifestSchema.parse(
    JSON.parse(readFileSync(join(directory, `${stackName}.assets.json`), 'utf8')),
  );
  return new Map(
    Object.entries(manifest.files).map(([hash, { source }]) => [`${hash}.zip`, resolve(directory, source.path)]),
  );
};

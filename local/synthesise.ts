import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import * as z from 'zod';
import { loadRegisteredTypes, type Registries } from '#infra/registries.ts';
import { RelayStack } from '#infra/stack.ts';
import { loadConfig, type OnWarning } from '#shared/config/load.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { linkBundles } from './bundles.ts';

/** The stack as it would be deployed: what `cdk synth` makes of a relay.yaml, and where its assets lie. */
export interface SynthesisedStack {
  readonly config: RelayConfig;
  readonly stackName: string;
  readonly template: unknown;
  /** The folder behind each asset, by the name of the object that it would become in S3. */
  readonly assets: ReadonlyMap<string, string>;
}

const assetManifestSchema = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })),
});

export interface SynthesisOptions {
  /** What takes the place of the registries, for tests with types of their own. */
  readonly registries?: Registries | undefined;
  /** Told what the configuration may mean otherwise. */
  readonly onWarning?: OnWarning | undefined;
}

/**
 * Puts the bundled functions and the synthesised stack into the directory, which no other run may use.
 * @throws RelayError when the configuration needs an operator.
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
    // `npm run synth` validates; here it is most of the time that synthesis takes.
    builtinCloudFormationValidation: false,
    // The bundles are used from where they lie.
    context: { [DISABLE_ASSET_STAGING_CONTEXT]: true },
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

import { App, Aspects, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundleFunctions } from '#infra/bundle.ts';
import { checkStores } from '#infra/check-stores.ts';
import { WithoutMetricMath } from '#infra/emulated.ts';
import { RelayStack } from '#infra/stack.ts';
import { loadConfig } from '#shared/config/load.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

const BUNDLES = 'build/functions';

/** Reads the file of `cdk synth -c config=<path>`, by default `relay.yaml`. */
const readConfig = (app: App): RelayConfig => {
  const path: unknown = app.node.tryGetContext('config');
  return loadConfig(typeof path === 'string' ? path : 'relay.yaml', undefined, (line) =>
    console.error(`Warning: ${line}`),
  );
};

/**
 * Warns about stores that name the place to which the CDK CLI would deploy now. It is only a warning, because a
 * synthesised stack can be deployed elsewhere.
 */
const warnOfPlace = (config: RelayConfig): void => {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  try {
    checkStores(config, REGISTERED_TYPES, { account, region });
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    console.error(`Warning: ${thrown.message}`);
  }
};

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;

const synthesise = async (): Promise<void> => {
  const app = new App();
  const config = readConfig(app);
  warnOfPlace(config);
  for (const { name, entryBytes, totalBytes } of await bundleFunctions({
    config,
    source: 'functions',
    outDir: BUNDLES,
  })) {
    console.error(`${name}: ${kilobytes(entryBytes)} at start, ${kilobytes(totalBytes)} in all`);
  }
  const stack = new RelayStack(app, config.relay, { config, bundles: BUNDLES });
  if (app.node.tryGetContext('emulated') === 'true') Aspects.of(stack).add(new WithoutMetricMath());
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
};

try {
  await synthesise();
} catch (thrown) {
  // An error in relay.yaml is printed without a stack trace. Any other error is a defect and keeps its stack trace.
  if (!(thrown instanceof RelayError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}

import { App, Aspects, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundleFunctions } from '#infra/bundle.ts';
import { WithoutMetricMath } from '#infra/emulated.ts';
import { RelayStack } from '#infra/stack.ts';
import { loadConfig } from '#shared/config/load.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

const BUNDLES = 'build/functions';

/** `cdk synth -c config=<path>`; `relay.yaml` when left out. */
const readConfig = (app: App): RelayConfig => {
  const path: unknown = app.node.tryGetContext('config');
  return loadConfig(typeof path === 'string' ? path : 'relay.yaml', undefined, (line) =>
    console.error(`Warning: ${line}`),
  );
};

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;

const synthesise = async (): Promise<void> => {
  const app = new App();
  const config = readConfig(app);
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
  // What relay.yaml needs is said without a stack trace; anything else is a defect and keeps it.
  if (!(thrown instanceof RelayError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}

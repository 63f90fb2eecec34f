import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '#local/world.ts';
import type { RelayConfig } from '#shared/config/schema.ts';

/**
 * Deploys a changed configuration to the functions, which restart. The rest of the stack stays unchanged.
 */
export const redeploy = async (
  { aws, directory }: Pick<World, 'aws' | 'directory'>,
  change: (config: RelayConfig) => RelayConfig,
): Promise<void> => {
  const bundles = join(directory, 'functions');
  for (const step of readdirSync(bundles)) {
    const file = join(bundles, step, 'relay.json');
    const config: RelayConfig = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(change(config)));
  }
  for (const { identity } of aws.template.ofType('AWS::Lambda::Function')) await aws.functions.kill(identity.name);
};

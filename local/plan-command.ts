import { join } from 'node:path';
import { shellQuote } from '#shared/domain/shell.ts';
import { awsEnvironment } from './aws/environment.ts';
import { DEFAULT_APPLICATION, ROTATOR } from './simulators/password-safe/users.ts';
import { NAMES, type World } from './world.ts';

/** Environment variables of a command that plans the syncs of a world, as `pam-relay plan` reads them. */
const environmentFor = ({ aws }: Pick<World, 'aws'>): Record<string, string> => ({
  ...awsEnvironment(aws.endpoint),
  [`PAM_RELAY_CREDENTIALS_${NAMES.connection.toUpperCase()}`]: JSON.stringify(DEFAULT_APPLICATION.oauth),
});

/** Credentials of the connection that changes credentials, as an assignment in a shell. */
export const ROTATOR_CREDENTIALS = `PAM_RELAY_CREDENTIALS_VAULT_ROTATION=${shellQuote(JSON.stringify(ROTATOR.oauth))}`;

/**
 * Shell command, to be run in the folder of the project, that plans the syncs of a world. In another folder, `--no`
 * keeps npx from downloading a package with that name and running it with these credentials.
 * @param more Further environment variables: credentials of connections beside the vault of the world.
 */
export const planCommand = (
  world: Pick<World, 'aws' | 'directory'>,
  more: Readonly<Record<string, string>> = {},
): string => {
  const variables = Object.entries({ ...environmentFor(world), ...more }).map(
    ([name, value]) => `${name}=${shellQuote(value)}`,
  );
  const file = shellQuote(join(world.directory, 'relay.yaml'));
  return `${variables.join(' ')} npx --no pam-relay plan ${file} --stack ${shellQuote(world.aws.template.stackName)}`;
};

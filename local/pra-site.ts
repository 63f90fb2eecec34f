import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Document, parse } from 'yaml';
import { z } from 'zod';
import { DEFAULT_API_ACCOUNT, OTHER_API_ACCOUNT } from './simulators/sra/api-accounts.ts';
import { createFleet, type FleetOptions } from './simulators/sra/fleet.ts';
import { type SraSimulator, startSra } from './simulators/sra/server.ts';
import type { World } from './world.ts';

/** The PRA site of the sandbox, and the rules of the relay for it: the connection and a sync of `examples/sra.yaml`. */

const CONNECTION = 'pra';
export const PRA_SYNC = 'databases';

/** File with the CA of the site, beside relay.yaml. */
const CA_FILE = 'pra-ca.pem';

const exampleSchema = z.object({
  connections: z.object({
    [CONNECTION]: z.looseObject({ authentication: z.looseObject({ bootstrapSecret: z.string() }) }),
  }),
  syncs: z.object({
    [PRA_SYNC]: z.looseObject({ select: z.looseObject({ groups: z.array(z.string()) }) }),
  }),
});
const example = exampleSchema.parse(parse(readFileSync(resolve(import.meta.dirname, '../examples/sra.yaml'), 'utf8')));

const { clientId, clientSecret } = DEFAULT_API_ACCOUNT;
const RELAY_CREDENTIALS = JSON.stringify({ clientId, clientSecret });

/** Environment variables with which a command signs in to the site like the relay. */
export const PRA_ENVIRONMENT = { [`PAM_RELAY_CREDENTIALS_${CONNECTION.toUpperCase()}`]: RELAY_CREDENTIALS };

/** Starts the site. Port 0 chooses a free one. The caller must close it. */
export const startPraSite = ({ port, ...options }: FleetOptions & { readonly port: number }): Promise<SraSimulator> =>
  startSra({
    port,
    fleet: createFleet(options),
    apiAccounts: [DEFAULT_API_ACCOUNT, OTHER_API_ACCOUNT],
    // bt-cli fails at a check-in that is answered without a body.
    switches: { actionAnswer: 'json' },
  });

/** Adds the connection and the sync to a relay.yaml. */
export const addPraRules = (config: Document, { url, caPem }: Pick<SraSimulator, 'url' | 'caPem'>): void => {
  config.setIn(['connections', CONNECTION], config.createNode({ ...example.connections[CONNECTION], url, ca: caPem }));
  config.setIn(['syncs', PRA_SYNC], config.createNode(example.syncs[PRA_SYNC]));
};

/** Makes what an operator and a client of the site need: the bootstrap secret, and the CA file. */
export const preparePraSite = ({ aws, directory }: Pick<World, 'aws' | 'directory'>, { caPem }: SraSimulator): void => {
  const { bootstrapSecret: Name } = example.connections[CONNECTION].authentication;
  aws.secretsManager.handle('CreateSecret', {
    Name,
    ClientRequestToken: crypto.randomUUID(),
    SecretString: RELAY_CREDENTIALS,
  });
  writeFileSync(join(directory, CA_FILE), caPem);
};

/** Address and credentials for clients of the site. The API account of the relay is for the relay alone. */
export const praAddresses = ({ directory }: Pick<World, 'directory'>, site: SraSimulator) => ({
  url: site.url,
  caFile: join(directory, CA_FILE),
  clientId: OTHER_API_ACCOUNT.clientId,
  clientSecret: OTHER_API_ACCOUNT.clientSecret,
  account: accountToTry(site),
});

/** An account in a group that the sync does not select, so that the relay never holds it. */
const accountToTry = (site: SraSimulator): { readonly id: number; readonly name: string } | undefined => {
  const { groups } = example.syncs[PRA_SYNC].select;
  const found = site
    .accounts()
    .find(
      ({ kind, type, groupName }) =>
        kind === 'plain' && type === 'username_password' && !groups.includes(groupName ?? ''),
    );
  return found && { id: found.id, name: found.name };
};

/** The site's part of the sandbox's output. */
export const describePraSite = ({ url, caFile, clientId: id, clientSecret: secret, account }: PraAddresses): string => `
PRA
  URL            ${url}
  CA file        ${caFile}
  client id      ${id}
  client secret  ${secret}
  account        ${account === undefined ? 'none: start with more accounts' : `${account.id}, ${account.name}`}
`;

type PraAddresses = ReturnType<typeof praAddresses>;

/** Commands that check an account of the site out and in. */
export const praCommands = ({ url, caFile, clientId: id, clientSecret: secret, account }: PraAddresses): string => {
  const accounts = `${url}/api/config/v1/vault/account`;
  return `Sign in to PRA, list the accounts, check one out and check it in:
  pra() { curl -sS --cacert ${caFile} -H "Authorization: Bearer $pra_token" "$@"; echo; }
  pra_token=$(curl -sS --cacert ${caFile} -u '${id}:${secret}' -d grant_type=client_credentials ${url}/oauth2/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  pra ${accounts}
  pra -X POST ${accounts}/${account?.id ?? 'ID'}/check-out
  pra -X POST ${accounts}/${account?.id ?? 'ID'}/check-in

The same account with bt-cli:
  export BT_PRA_API_URL=${url} BT_PRA_CLIENT_ID=${id} BT_PRA_CLIENT_SECRET='${secret}' SSL_CERT_FILE=${caFile}
  bt pra vault accounts checkout ${account?.id ?? 'ID'}
  bt pra vault accounts checkin ${account?.id ?? 'ID'}`;
};
